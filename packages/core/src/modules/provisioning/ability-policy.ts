/** Codes of failures that lie with this worker or its host: on another one the same program may run. */
const ofTheWorker: ReadonlySet<string> = new Set([
  "program_missing",
  "already_running",
  "start_refused",
  "program_outdated",
  "encryption_key_missing",
]);

/** Whether a failure of this code says nothing against the deployment: only that this worker can't run its program now. */
export function isOfTheWorker(code: string): boolean {
  return ofTheWorker.has(code);
}

/** Times in milliseconds. */
export const backOff = {
  firstMs: 2_000,
  longestMs: 60_000,
  /** Inabilities further apart than this have nothing to do with each other. */
  rememberMs: 5 * 60_000,
};

/** That this worker couldn't run a deployment's program. */
export interface Inability {
  /** How often, one after the other. */
  inARow: number;
  /** It doesn't try again before this instant, in milliseconds since 1970. */
  until: number;
}

/** What follows from one more: a pause twice as long as the last, up to a bound. @param now Milliseconds since 1970. */
export function nextInability(last: Inability | undefined, now: number): Inability {
  const inARow = last && now < last.until + backOff.rememberMs ? last.inARow + 1 : 1;
  return { inARow, until: now + Math.min(backOff.longestMs, backOff.firstMs * 2 ** (inARow - 1)) };
}
