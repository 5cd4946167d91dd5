import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";

/** Forgets answers older than their 24 hours; at most `limit` at a time. Gives how many. */
export async function sweepIdempotencyKeys(platform: Platform, limit = 5_000): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from idempotency_keys where (key_id, route, idempotency_key) in (
      select key_id, route, idempotency_key from idempotency_keys where expires_at < now() order by expires_at limit ${limit}
    )`.execute(systemDb(platform));
  return Number(numAffectedRows ?? 0);
}
