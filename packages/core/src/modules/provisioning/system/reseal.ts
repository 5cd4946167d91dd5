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
 * Seals with the newest key what an older one sealed, so that the operator can drop the older one. Ends with a column once `limit` of its values
 * or more, but less than twice as many, were sealed again. What can't be opened, such as for want of its key, is passed over and not counted.
 * @returns values sealed again
 * @throws UnreadableSecret of the first value that can't be opened; after all the work
 */
export async function resealStale(platform: Platform, limit = 500): Promise<number> {
  let fault: unknown;
  let count = 0;
  for (const sealed of columns) {
    const enough = count + limit;
    let after = "";
    while (count < enough) {
      const page = await stalePage(platform, sealed, after, limit);
      for (const value of page) {
        try {
          count += await resealValue(platform, sealed, value);
        } catch (error) {
          fault ??= error;
        }
      }
      const last = page.at(-1);
      if (!last || page.length < limit) break;
      after = last.name;
    }
  }
  if (fault) throw fault;
  return count;
}

type SealedColumn = (typeof columns)[number];

interface SealedValue {
  name: string;
  sealed: string;
}

/** By the row's name, so that values which can't be opened don't stand before the rest. */
async function stalePage(platform: Platform, { table, key, column }: SealedColumn, after: string, limit: number): Promise<SealedValue[]> {
  const { rows } = await sql<SealedValue>`
    select ${sql.ref(key)} as name, ${sql.ref(column)} as sealed from ${sql.table(table)}
    where not starts_with(${sql.ref(column)}, ${platform.secrets.newestPrefix}) and ${sql.ref(key)} > ${after}
    order by ${sql.ref(key)} limit ${limit}`.execute(systemDb(platform));
  return rows;
}

/** @returns 1, or 0 where somebody has written another value meanwhile: they know better */
async function resealValue(platform: Platform, { table, key, column, purpose }: SealedColumn, { name, sealed }: SealedValue) {
  const { secrets } = platform;
  const fresh = secrets.seal(secrets.open(sealed, purpose(name)), purpose(name));
  const { numAffectedRows } = await sql`
    update ${sql.table(table)} set ${sql.ref(column)} = ${fresh}
    where ${sql.ref(key)} = ${name} and ${sql.ref(column)} = ${sealed}`.execute(systemDb(platform));
  return Number(numAffectedRows ?? 0n);
}
