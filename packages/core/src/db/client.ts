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
  /** Milliseconds after which the server ends a statement; 30 s unless told. */
  statementMs?: number;
  /** Milliseconds that a statement may stay without an answer; somewhat longer than the server lets it run, unless told. */
  longestSilenceMs?: number;
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

/** That the other end of a connection at rest is gone: asked after this many milliseconds, and known some 10 s later. */
export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as const;

/** How much longer than the server lets it run a statement is waited for, in milliseconds. */
const answerMs = 5_000;

/**
 * A pool whose clients pipeline: statements issued without awaiting share a round trip. PostgreSQL ends a statement after its time and says so:
 * one that stays without an answer for longer was lost with the server's host or the way to it, and fails; its connection is closed.
 */
export function createPool(connectionString: string, options: PoolOptions): pg.Pool {
  const { statementMs = 30_000, longestSilenceMs = statementMs + answerMs } = options;
  const pool = new pg.Pool({
    connectionString,
    application_name: options.applicationName,
    max: options.connections,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementMs,
    // Sooner than the statement's own end, so that a wait for a lock is told from work that takes too long: the one passes, the other may not.
    lock_timeout: Math.round(statementMs * 0.8),
    query_timeout: longestSilenceMs,
    ...keepAlive,
    idle_in_transaction_session_timeout: 60_000,
    pipeline: true,
  });
  pool.on("error", options.onError);
  // One that is lost while somebody uses it tells them by their statements; its event would end the process if nobody listened.
  pool.on("connect", (client) => void client.on("error", () => undefined));
  return pool;
}

/** Lends a connection; after a failure it goes back rolled back, or not at all. */
export async function lend<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    // A connection whose rollback fails may hold anything: it is closed instead of going back to the pool.
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
