import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { countedOnce, windowStart } from "../../kernel/rate-window.ts";

export interface FoundKey {
  organizationId: string;
  id: string;
  name: string;
  scopes: string[];
  state: "usable" | "revoked" | "expired";
  lastUsedAt: Date | null;
  /** Which request of the window this is; null for a key that isn't usable, whose requests aren't counted. */
  used: number | null;
  windowStart: number | null;
  /** The database's clock, seconds since 1970. */
  epoch: number;
}

/**
 * Finds the key of a token's hash and counts the request in its window, in one statement that is its own transaction: the counter's
 * row is locked no longer than that.
 */
export async function lookUpKey(platform: Platform, tokenHash: Buffer): Promise<FoundKey | null> {
  const { windowSeconds } = platform.settings.rateLimit;
  const row = await systemDb(platform)
    .with("found", (query) =>
      query
        .selectFrom("apiKeys as k")
        .select([
          "k.organizationId",
          "k.id",
          "k.name",
          "k.scopes",
          "k.lastUsedAt",
          sql<FoundKey["state"]>`case
            when k.revoked_at is not null then 'revoked'
            when k.expires_at <= clock_timestamp() then 'expired'
            when k.token_hash <> ${tokenHash} and k.previous_token_expires_at <= clock_timestamp() then 'expired'
            else 'usable' end`.as("state"),
        ])
        .where((where) => where.or([where("k.tokenHash", "=", tokenHash), where("k.previousTokenHash", "=", tokenHash)])),
    )
    .with("counted", (query) =>
      query
        .insertInto("rateWindows")
        .columns(["keyId", "windowStart", "used"])
        .expression((from) =>
          from
            .selectFrom("found")
            .select(["found.id", windowStart(windowSeconds).as("start"), sql<number>`1`.as("used")])
            .where("found.state", "=", "usable"),
        )
        .onConflict((conflict) => conflict.column("keyId").doUpdateSet(countedOnce))
        .returning(["rateWindows.used", "rateWindows.windowStart"]),
    )
    .selectFrom("found")
    .leftJoin("counted", (join) => join.onTrue())
    .select([
      "found.organizationId",
      "found.id",
      "found.name",
      "found.scopes",
      "found.state",
      "found.lastUsedAt",
      "counted.used",
      "counted.windowStart",
      sql<number>`extract(epoch from clock_timestamp())::float8`.as("epoch"),
    ])
    .executeTakeFirst();
  return row ?? null;
}

/** Notes that a key was used; a note younger than a minute stays. */
export async function noteUse(platform: Platform, keyId: string, ip: string | null): Promise<void> {
  await systemDb(platform)
    .updateTable("apiKeys")
    .set({ lastUsedAt: sql<Date>`now()`, lastUsedIp: ip })
    .where("id", "=", keyId)
    .where((where) => where.or([where("lastUsedAt", "is", null), where("lastUsedAt", "<", sql<Date>`now() - interval '1 minute'`)]))
    .execute();
}
