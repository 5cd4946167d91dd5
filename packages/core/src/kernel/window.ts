/** Whole seconds until a window ends, at least 1. */
export function secondsLeft(windowStart: number, windowSeconds: number, databaseEpoch: number): number {
  return Math.max(1, Math.ceil(windowStart + windowSeconds - databaseEpoch));
}
