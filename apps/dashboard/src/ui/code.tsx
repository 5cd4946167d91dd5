import { clsx } from "clsx";
import { CopyButton } from "./copy.tsx";

/** Text to be copied or read exactly. Focusable, so that a long line can be scrolled by keyboard. */
export function Code({ code, label, tall = false }: { code: string; label: string; tall?: boolean }) {
  return (
    <div className="flex min-w-0 items-start rounded-md border border-line bg-sunken">
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        className={clsx("min-w-0 flex-1 overflow-auto p-3", tall ? "max-h-96" : "max-h-56")}
      >
        <pre className="font-mono text-xs leading-5 break-normal whitespace-pre">{code}</pre>
      </section>
      <CopyButton text={code} label={`Copy ${label}`} className="m-1.5" />
    </div>
  );
}
