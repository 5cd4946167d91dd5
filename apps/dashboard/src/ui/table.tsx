import { clsx } from "clsx";
import type { ComponentProps, ReactNode } from "react";

/** A list with its column meanings; scrolls sideways inside itself where the screen is narrow. */
export function Table({ caption, head, children }: { caption: string; head: ReactNode; children: ReactNode }) {
  return (
    <div className="edge-shade relative overflow-x-auto">
      <table className="w-full border-collapse text-left text-[13px]">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function Th({ className, title, ...rest }: ComponentProps<"th">) {
  return (
    <th
      scope="col"
      {...rest}
      {...(title ? { title } : {})}
      className={clsx(
        "px-4 py-2 text-xs font-medium whitespace-nowrap text-faint",
        title && "decoration-dotted underline-offset-4 hover:underline",
        className,
      )}
    />
  );
}

export function Td({ className, ...rest }: ComponentProps<"td">) {
  return <td {...rest} className={clsx("border-t border-line px-4 py-2.5 align-middle", className)} />;
}

export function Row({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={clsx("transition-colors hover:bg-hover/60", className)} />;
}
