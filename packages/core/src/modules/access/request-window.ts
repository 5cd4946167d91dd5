import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { secondsLeft } from "../../kernel/window.ts";

/**
 * Counts one request of a subject in its fixed window and says which one it is. One statement of its own, never inside a transaction:
 * the row's lock would last until the commit. The clock is the database's, the same for every process.
 */
export async function countRequest(
  platform: Platform,
  subject: string,
  windowSeconds: number,
): Promise<{ used: number; windowStart: number; resetSeconds: number }> {
  const { rows } = await sql<{ used: number; windowStart: number; epoch: number }>`
    insert into rate_windows as w (key_id, window_start, used)
    values (${subject}, (floor(extract(epoch from clock_timestamp()) / ${windowSeconds}::int) * ${windowSeconds}::int)::bigint, 1)
    on conflict (key_id) do update set
      used = case when w.window_start >= excluded.window_start then w.used + 1 else 1 end,
      window_start = greatest(w.window_start, excluded.window_start)
    returning used, window_start, extract(epoch from clock_timestamp())::float8 as epoch`.execute(systemDb(platform));
  const [row] = rows;
  if (!row) throw new Error("counting a request gave no row");
  return { used: row.used, windowStart: row.windowStart, resetSeconds: secondsLeft(row.windowStart, windowSeconds, row.epoch) };
}

/** Takes back one request that turned out not to count, unless its window has ended meanwhile. A window with none left goes. */
export async function uncountRequest(platform: Platform, subject: string, windowStart: number): Promise<void> {
  const windows = systemDb(platform);
  const { rows } = await sql<{ used: number }>`
    update rate_windows set used = used - 1 where key_id = ${subject} and window_start = ${windowStart} returning used`.execute(windows);
  const [row] = rows;
  // Whoever counts between the two statements keeps the window.
  if (row && row.used <= 0)
    await sql`delete from rate_windows where key_id = ${subject} and window_start = ${windowStart} and used <= 0`.execute(windows);
}

/** Forgets windows that ended more than a day ago; at most `limit` at a time. Gives how many. */
export async function sweepRateWindows(platform: Platform, limit = 10_000): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from rate_windows where key_id in (
      select key_id from rate_windows where window_start < extract(epoch from now())::bigint - 172800 limit ${limit}
    )`.execute(systemDb(platform));
  return Number(numAffectedRows ?? 0);
}
