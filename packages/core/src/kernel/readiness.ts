import { type CompiledQuery, sql } from "kysely";
import { statements } from "../db/tenant-db.ts";
import type { Platform } from "./context.ts";

/** No organization has this id: the statements below see tables, not rows. */
const nobody = "";

function reads(query: { compile(): CompiledQuery<unknown> }): (platform: Platform) => Promise<undefined> {
  return async (platform) => {
    await platform.database.read(nobody, { query });
  };
}

/** @throws when the database does not answer or was never migrated. */
export const databaseAnswers = reads({ compile: () => sql`select 1 from organizations limit 1`.compile(statements) });

/** @throws when the queue's tables can't be read. */
export const queueAnswers = reads({ compile: () => sql`select 1 from pgboss.queue limit 1`.compile(statements) });
