import { useSyncExternalStore } from "react";
import { exactTime, relativeTime } from "./format.ts";

let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

/** One clock for the whole page: a hundred relative times tick with one timer. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** Milliseconds since the epoch, anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Relative, with the exact instant on hover. */
export function Time({ at }: { at: string }) {
  const text = useSyncExternalStore(subscribe, () => relativeTime(at, Math.max(now, Date.parse(at) > now + 60_000 ? now : Date.now())));
  return (
    <time dateTime={at} title={exactTime(at)} className="whitespace-nowrap tabular-nums">
      {text}
    </time>
  );
}
