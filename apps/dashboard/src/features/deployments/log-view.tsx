import type { LogLine } from "@obelisk/schemas/deployments";
import { clsx } from "clsx";
import { type UIEvent, useLayoutEffect, useRef } from "react";
import { exactTime } from "../../ui/format.ts";

const levelText: Record<LogLine["level"], string> = { debug: "text-faint", info: "text-soft", warn: "text-warn", error: "text-bad" };

/** Distance from the end, in pixels, within which the view keeps following. */
const nearEnd = 40;

/** Log lines, following the newest unless scrolled away from the end. */
export function LogView({
  lines,
  label,
  className,
  empty,
}: {
  lines: readonly LogLine[];
  label: string;
  className: string;
  empty: string;
}) {
  const box = useRef<HTMLElement>(null);
  const following = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when lines arrive
  useLayoutEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);

  const onScroll = (event: UIEvent<HTMLElement>) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    following.current = scrollHeight - scrollTop - clientHeight < nearEnd;
  };

  return (
    <section
      ref={box}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={onScroll}
      className={clsx("overflow-auto rounded-md border border-line bg-sunken py-2 font-mono text-xs leading-5", className)}
    >
      {lines.length === 0 ? <p className="px-3 py-1 font-sans text-[13px] text-faint">{empty}</p> : null}
      {lines.map((line) => (
        <div key={line.sequence} className="flex gap-3 px-3 [contain-intrinsic-size:auto_1.25rem] [content-visibility:auto] hover:bg-hover">
          <time dateTime={line.at} title={exactTime(line.at)} className="shrink-0 text-faint">
            {line.at.slice(11, 19)}
          </time>
          <span className={clsx("w-11 shrink-0", levelText[line.level])}>{line.level}</span>
          <span className="min-w-0 whitespace-pre-wrap">{line.message}</span>
        </div>
      ))}
    </section>
  );
}
