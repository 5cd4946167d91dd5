import { sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";

/** Whether a session still stands: it was neither ended nor has it expired. For what goes on after the request that was let in. */
export async function sessionLives(platform: Platform, sessionId: string): Promise<boolean> {
  const row = await systemDb(platform)
    .selectFrom("sessions")
    .select("id")
    .where("id", "=", sessionId)
    .where("expiresAt", ">", sql<Date>`now()`)
    .executeTakeFirst();
  return row !== undefined;
}
