import { useSyncExternalStore } from "react";

/** Milliseconds to add to this machine's clock to get the server's. */
let offset = 0;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

/** A smaller difference is none: an answer's `date` counts whole seconds and was some time on its way. */
const sameMilliseconds = 5_000;

/** Learns the server's clock from an answer's `date` header: ages are of its instants, and a machine's own clock may be minutes off. */
export function learnServerTime(date: string | null): void {
  const difference = date ? Date.parse(date) - Date.now() : Number.NaN;
  if (!Number.isNaN(difference)) offset = Math.abs(difference) < sameMilliseconds ? 0 : difference;
}

/** One clock for the whole page: a hundred relative times tick with one timer. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer) {
      clearInterval(timer);
      timer = null;
    }
  };
}

function tick(): void {
  now = Date.now() + offset;
  for (const each of listeners) each();
}

/** What `select` makes of the server's time, in milliseconds since 1970: looked at each second, rendered again only where it differs. */
export function useClock<Value extends string | number | boolean>(select: (now: number) => Value): Value {
  // While nothing ticked the last tick is long ago.
  if (!timer) now = Date.now() + offset;
  return useSyncExternalStore(subscribe, () => select(now));
}

/** Milliseconds since the epoch, anew each second. */
export function useNow(): number {
  return useClock((instant) => instant);
}
