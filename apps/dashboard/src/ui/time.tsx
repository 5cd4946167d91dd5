import { useClock } from "./clock.ts";
import { exactTime, relativeTime } from "./format.ts";

/** Relative, with the exact instant on hover. */
export function Time({ at }: { at: string }) {
  const text = useClock((now) => relativeTime(at, now));
  return (
    <time dateTime={at} title={exactTime(at)} className="whitespace-nowrap tabular-nums">
      {text}
    </time>
  );
}
