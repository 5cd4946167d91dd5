/** Signals that ask a program to stop. */
const asking = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** No longer listens. */
  end(): void;
}

/** Listens for signals: the first one asks to stop, calling `onFirst`; the second one won't wait, calling `onSecond`. */
export function onInterruption(onFirst: () => void, onSecond: () => void): Interruption {
  const asked = new AbortController();
  const listener = () => {
    if (asked.signal.aborted) return onSecond();
    onFirst();
    asked.abort();
  };
  for (const name of asking) process.on(name, listener);
  return {
    signal: asked.signal,
    end: () => {
      for (const name of asking) process.off(name, listener);
    },
  };
}
