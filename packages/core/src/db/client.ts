import pg from "pg";
import { databaseRolePassword } from "../kernel/secrets.ts";

/** PostgreSQL's bigint as a number: every bigint of the schema is a count, a block number or a sequence, all below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export const applicationRole = "obelisk_app";
export const systemRole = "obelisk_system";

export interface PoolOptions {
  applicationName: string;
  /** Most connections of the pool. */
  connections: number;
  /** Told of faults of idle connections, such as a restart of the server. */
  onError(error: Error): void;
}

/** The connection string of a platform role in the database that `databaseUrl` names. */
export function roleUrl(databaseUrl: string, role: string, encryptionKey: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = databaseRolePassword(encryptionKey, role);
  return url.href;
}

/** A pool whose clients pipeline: statements issued without awaiting share a round trip. */
export function createPool(connectionString: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    application_name: options.applicationName,
    max: options.connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    pipeline: true,
  });
  pool.on("error", options.onError);
  return pool;
}
