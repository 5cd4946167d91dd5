import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";

/** Batches of one pass: some 100,000 answers, more than one organization can have kept since the last one. */
const mostBatches = 20;

/** Forgets answers older than their 24 hours, in batches of `limit` while they come back full. Gives how many. */
export async function sweepIdempotencyKeys(platform: Platform, limit = 5_000): Promise<number> {
  let forgotten = 0;
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const count = await sweepBatch(platform, limit);
    forgotten += count;
    if (count < limit) break;
  }
  return forgotten;
}

async function sweepBatch(platform: Platform, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from idempotency_keys where (key_id, route, idempotency_key) in (
      select key_id, route, idempotency_key from idempotency_keys where expires_at < now() order by expires_at limit ${limit}
    )`.execute(systemDb(platform));
  return Number(numAffectedRows ?? 0);
}
