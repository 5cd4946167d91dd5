import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { sealedFor } from "../sealing.ts";

/** Every sealed column, the column that names its row, and what it is sealed for. */
const columns = [
  { table: "deployments", key: "id", column: "sealed_spec", purpose: sealedFor.specification },
  { table: "deployments", key: "id", column: "sealed_database_password", purpose: sealedFor.databasePassword },
  { table: "instances", key: "deployment_id", column: "sealed_token", purpose: sealedFor.instanceToken },
  { table: "networks", key: "slug", column: "sealed_rpc_urls", purpose: sealedFor.rpcUrls },
] as const;

/**
 * Seals with the newest key what an older one sealed, so that the operator can drop the older one; at most `limit` values of a column.
 * @returns values sealed again
 * @throws Error naming the key that is missing for a value; every other value was sealed again by then
 */
export async function resealStale(platform: Platform, limit = 500): Promise<number> {
  const { secrets } = platform;
  const db = systemDb(platform);
  const faults: unknown[] = [];
  let count = 0;
  for (const { table, key, column, purpose } of columns) {
    const { rows } = await sql<{ name: string; sealed: string }>`
      select ${sql.ref(key)} as name, ${sql.ref(column)} as sealed from ${sql.table(table)}
      where not starts_with(${sql.ref(column)}, ${secrets.newestPrefix}) limit ${limit}`.execute(db);
    for (const { name, sealed } of rows) {
      try {
        const fresh = secrets.seal(secrets.open(sealed, purpose(name)), purpose(name));
        // Only over the value that was read: whoever wrote another one meanwhile knows better.
        const { numAffectedRows } = await sql`
          update ${sql.table(table)} set ${sql.ref(column)} = ${fresh} where ${sql.ref(key)} = ${name} and ${sql.ref(column)} = ${sealed}`.execute(
          db,
        );
        count += Number(numAffectedRows ?? 0n);
      } catch (error) {
        faults.push(error);
      }
    }
  }
  if (faults.length > 0) throw faults[0];
  return count;
}
