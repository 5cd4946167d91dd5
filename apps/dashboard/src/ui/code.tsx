import { clsx } from "clsx";
import { CopyButton } from "./copy.tsx";

/** Text to be copied or read exactly. Focusable, so that a long line can be scrolled by keyboard. */
export function Code({ code, label, tall = false }: { code: string; label: string; tall?: boolean }) {
  return (
    <div className="group relative min-w-0 rounded-md border border-line bg-sunken">
      <CopyButton text={code} label={`Copy ${label}`} className="absolute top-1.5 right-1.5 bg-sunken" />
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        className={clsx("overflow-auto p-3 pr-11", tall ? "max-h-96" : "max-h-56")}
      >
        <pre className="font-mono text-xs leading-5 break-normal whitespace-pre">{code}</pre>
      </section>
    </div>
  );
}
