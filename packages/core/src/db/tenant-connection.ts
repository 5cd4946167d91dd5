/** Names the organization whose rows the rest of the transaction sees. */
export const enterTenant = "select set_config('app.organization_id', $1, true)";

/** Throws the first failure: the later ones of a pipelined transaction only say that it had failed already. */
export function requireAll(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}
