import type { Health } from "./deployments.ts";

/**
 * Milliseconds until a check says nothing of the present any more. Workers write health at the latest every 12.5 s, and a page that isn't
 * live asks every 4 s; the rest is for the way.
 */
export const healthFreshMs = 20_000;

/**
 * Whether health is from before: too old, or of a program that another one has replaced since. Then its numbers are the last known, and its
 * verdict holds no more.
 * @param now Milliseconds since 1970.
 * @param programStartedAt When the newest program started, where that is known.
 */
export function isHealthStale(health: Pick<Health, "checkedAt"> | null, now: number, programStartedAt?: string | null): boolean {
  if (!health) return false;
  const checkedAt = Date.parse(health.checkedAt);
  return now - checkedAt > healthFreshMs || (programStartedAt != null && checkedAt < Date.parse(programStartedAt));
}
