import { Kysely } from "kysely";
import type { Pool } from "pg";
import { isLost, postgresDialect } from "./dialect.ts";
import type { DB } from "./types.gen.ts";

declare const system: unique symbol;

/**
 * A handle that sees every organization. Only the files that the border rules name may import this one: sign-in, key lookup, queue
 * claims, the reconciler, migrations.
 */
export type SystemDb = Kysely<DB> & { readonly [system]: true };

export function createSystemDb(pool: Pool): SystemDb {
  return new Kysely<DB>({
    dialect: postgresDialect({ acquire: () => pool.connect(), release: (client) => client.release(isLost(client)), end: () => pool.end() }),
  }) as SystemDb;
}

const handles = new WeakMap<object, SystemDb>();

/** Binds the handle to a platform, out of reach of code that holds only the platform. */
export function bindSystemDb(platform: object, db: SystemDb): void {
  handles.set(platform, db);
}

/** The platform's handle on every organization's rows. */
export function systemDb(platform: object): SystemDb {
  const db = handles.get(platform);
  if (!db) throw new Error("this platform was built without a system handle");
  return db;
}
