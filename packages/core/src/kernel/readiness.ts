import { sql } from "kysely";
import { systemDb } from "../db/system-db.ts";
import type { Platform } from "./context.ts";

/** @throws when the database does not answer or was never migrated. */
export async function databaseAnswers(platform: Platform): Promise<undefined> {
  await sql`select 1 from organizations limit 1`.execute(systemDb(platform));
}

/** @throws when the queue's tables can't be read. */
export async function queueAnswers(platform: Platform): Promise<undefined> {
  await sql`select 1 from pgboss.queue limit 1`.execute(systemDb(platform));
}
