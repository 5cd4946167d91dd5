import { clsx } from "clsx";

/** The shape of what is coming. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={clsx("block animate-sheen rounded bg-hover", className ?? "h-4 w-full")} />;
}

export function SkeletonRows({ rows = 5, columns }: { rows?: number; columns: number }) {
  return Array.from({ length: rows }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
    <tr key={row} className="border-t border-line">
      {Array.from({ length: columns }, (_, column) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the cells are alike and never move
        <td key={column} className="px-4 py-3">
          <Skeleton className={clsx("h-4", column === 0 ? "w-40" : "w-20")} />
        </td>
      ))}
    </tr>
  ));
}
