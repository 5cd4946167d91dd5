/** How a service that dies is brought back. */
export interface RestartPolicy {
  /** Wait before the first restart, doubled with each failure that follows. Milliseconds. */
  firstDelay: number;
  /** The longest wait. Milliseconds. */
  longestDelay: number;
  /** Failures in a row after which it stays down. */
  giveUpAfter: number;
  /** A run at least this long was healthy: the count of failures begins anew. Milliseconds. */
  healthyAfter: number;
}

export const defaultRestartPolicy: RestartPolicy = { firstDelay: 200, longestDelay: 15_000, giveUpAfter: 20, healthyAfter: 30_000 };

/** Failures in a row, this one included, after a run that lasted `ranFor` milliseconds. */
export function failuresAfter(policy: RestartPolicy, failuresBefore: number, ranFor: number): number {
  return ranFor >= policy.healthyAfter ? 1 : failuresBefore + 1;
}

/** Milliseconds to wait before the next start; null when it has failed too often to try again. */
export function restartDelay(policy: RestartPolicy, failures: number): number | null {
  if (failures >= policy.giveUpAfter) return null;
  return Math.min(policy.longestDelay, policy.firstDelay * 2 ** Math.min(failures - 1, 30));
}
