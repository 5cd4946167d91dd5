import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";

/** Forgets sessions and verifications past their time; at most `limit` of each at a time. Gives how many. */
export async function sweepSessions(platform: Platform, limit = 5_000): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with ended as (
      delete from sessions where id in (select id from sessions where expires_at < now() limit ${limit}) returning 1),
    lapsed as (
      delete from verifications where id in (select id from verifications where expires_at < now() limit ${limit}) returning 1)
    select (select count(*) from ended) + (select count(*) from lapsed) as count`.execute(systemDb(platform));
  return rows[0]?.count ?? 0;
}
