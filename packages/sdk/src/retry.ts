/** How an attempt ended, as far as trying again goes. */
export type Outcome =
  | { type: "answered"; status: number; code: string | null; retryAfterSeconds: number | null }
  /** No answer: the connection failed or the attempt's time ran out. */
  | { type: "unreachable" };

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  attempts: number;
  /** Longest single wait, in milliseconds; a server that asks for more gets no further attempt. */
  longestWaitMs: number;
}

/**
 * Milliseconds to wait before the next attempt, or null to give up.
 *
 * 429 and 503 are tried again as the server's `retry-after` says; a failed preflight (503 `provisioning_unavailable`) only where it says so,
 * since nothing mends it by waiting. A first request still under way (409 `idempotency_in_progress`) and a lost connection are
 * tried again with a doubling wait: every write carries an idempotency key, so that twice is once.
 *
 * @param attempt Attempts made so far, from 1.
 * @param random From 0 to 1: spreads clients that failed together.
 */
export function waitBeforeRetry(outcome: Outcome, attempt: number, policy: RetryPolicy, random: number): number | null {
  if (attempt >= policy.attempts) return null;
  const backOff = Math.min(250 * 2 ** (attempt - 1), 5_000) * (0.75 + random / 2);
  if (outcome.type === "unreachable") return within(backOff, policy);
  const { status, code, retryAfterSeconds } = outcome;
  const waits = status === 429 || status === 503 || code === "idempotency_in_progress";
  if (!waits || (code === "provisioning_unavailable" && retryAfterSeconds === null)) return null;
  return within(retryAfterSeconds === null ? backOff : retryAfterSeconds * 1_000 + random * 250, policy);
}

function within(wait: number, policy: RetryPolicy): number | null {
  return wait <= policy.longestWaitMs ? wait : null;
}
