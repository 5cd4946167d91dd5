import type { Pool, PoolClient } from "pg";

/** Names the organization whose rows the rest of the transaction sees. */
export const enterTenant = "select set_config('app.organization_id', $1, true)";

/** Throws the first failure: the later ones of a pipelined transaction only say that it had failed already. */
export function requireAll(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** Lends a connection; after a failure it goes back rolled back, or not at all. */
export async function lend<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    // A connection whose rollback fails may hold anything: it is closed instead of going back to the pool.
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
