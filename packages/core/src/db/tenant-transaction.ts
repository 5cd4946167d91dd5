import { type CompiledQuery, Kysely } from "kysely";
import type { Pool, PoolClient } from "pg";
import { lend } from "./client.ts";
import { gatherWrites, postgresDialect, send } from "./dialect.ts";
import { enterTenant, requireAll } from "./tenant-connection.ts";
import { TenantDatabase, type TenantDb } from "./tenant-db.ts";
import type { DB } from "./types.gen.ts";

const handles = new WeakMap<PoolClient, TenantDb>();

/** One Kysely per connection, made once: it only ever uses that connection. */
function handleFor(client: PoolClient): TenantDb {
  const known = handles.get(client);
  if (known) return known;
  const handle = new Kysely<DB>({ dialect: postgresDialect({ acquire: async () => client }) }) as unknown as TenantDb;
  handles.set(client, handle);
  return handle;
}

const pools = new WeakMap<TenantDatabase, Pool>();

/** What everybody may read by, and `transaction` write by: out of reach of code that holds only the database. */
export function openTenantDatabase(pool: Pool): TenantDatabase {
  const database = new TenantDatabase(pool);
  pools.set(database, pool);
  return database;
}

/**
 * Runs the work in one transaction of the organization and commits, or rolls back when it throws. Only the files that the border rules name
 * may import it: it asks for no permission and leaves no audit entry, `mutation` does.
 * @param last Statements to send in the commit's own round trip once the work is done; their failure rolls everything back.
 */
export async function transaction<Result>(
  database: TenantDatabase,
  organizationId: string,
  work: (db: TenantDb) => Promise<Result>,
  last?: (result: Result) => CompiledQuery[],
): Promise<Result> {
  const pool = pools.get(database);
  if (!pool) throw new Error("this database was opened for reading alone");
  return lend(pool, async (client) => {
    // Not awaited: the work's first statement follows on the same trip, and fails by itself should these have failed.
    const opening = Promise.allSettled([send(client, "begin", []), send(client, enterTenant, [organizationId])]);
    const result = await work(handleFor(client));
    requireAll(await opening);
    const closing = (last?.(result) ?? []).map((query) => send(client, query.sql, query.parameters));
    gatherWrites(client);
    const committing = client.query("commit");
    requireAll(await Promise.allSettled([...closing, committing]));
    // PostgreSQL answers the commit of a failed transaction by rolling back, without an error of its own.
    if ((await committing).command !== "COMMIT") throw new Error("the transaction had failed before its commit and was rolled back");
    return result;
  });
}
