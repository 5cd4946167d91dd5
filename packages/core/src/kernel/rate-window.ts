import { sql } from "kysely";
import { systemDb } from "../db/system-db.ts";
import type { Platform } from "./context.ts";

/** The fixed window of `windowSeconds` that an instant of the database's clock falls into, by its first second since 1970. */
export function windowStart(windowSeconds: number) {
  return sql<number>`(floor(extract(epoch from clock_timestamp()) / ${windowSeconds}::int) * ${windowSeconds}::int)::bigint`;
}

/**
 * What counting does to the row of a window that is already there. A statement that waited for the row's lock may carry an older
 * window than the row by then; it counts into the newer one.
 */
export const countedOnce = {
  used: sql<number>`case when rate_windows.window_start >= excluded.window_start then rate_windows.used + 1 else 1 end`,
  windowStart: sql<number>`greatest(rate_windows.window_start, excluded.window_start)`,
};

/** Whole seconds until a window ends, at least 1. */
export function secondsLeft(start: number, windowSeconds: number, databaseEpoch: number): number {
  return Math.max(1, Math.ceil(start + windowSeconds - databaseEpoch));
}

/**
 * Counts one request of a subject in its window and says which one it is. One statement of its own, never inside a transaction: the
 * row's lock would last until the commit.
 */
export async function countRequest(
  platform: Platform,
  subject: string,
  windowSeconds: number,
): Promise<{ used: number; resetSeconds: number }> {
  const row = await systemDb(platform)
    .insertInto("rateWindows")
    .values({ keyId: subject, windowStart: windowStart(windowSeconds), used: 1 })
    .onConflict((conflict) => conflict.column("keyId").doUpdateSet(countedOnce))
    .returning(["used", "windowStart", sql<number>`extract(epoch from clock_timestamp())::float8`.as("epoch")])
    .executeTakeFirstOrThrow();
  return { used: row.used, resetSeconds: secondsLeft(row.windowStart, windowSeconds, row.epoch) };
}

/** Forgets windows that ended more than a day ago; at most `limit` at a time. Gives how many. */
export async function sweepRateWindows(platform: Platform, limit = 10_000): Promise<number> {
  const { numDeletedRows } = await systemDb(platform)
    .deleteFrom("rateWindows")
    .where("keyId", "in", (query) =>
      query
        .selectFrom("rateWindows")
        .select("keyId")
        .where("windowStart", "<", sql<number>`extract(epoch from now())::bigint - 172800`)
        .limit(limit),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
