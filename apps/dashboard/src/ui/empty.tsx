import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** Says what a list is for and holds the button that makes the first one. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-14 text-center">
      <span className="flex size-10 items-center justify-center rounded-lg border border-line bg-sunken text-faint">
        <Icon aria-hidden className="size-5" strokeWidth={1.75} />
      </span>
      <div className="max-w-md">
        <h2 className="text-sm font-semibold">{title}</h2>
        <p className="mt-1 text-[13px] text-soft">{children}</p>
      </div>
      {action}
    </div>
  );
}
