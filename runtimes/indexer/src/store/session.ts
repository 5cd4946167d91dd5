import type { Socket } from "node:net";
import pg, { type ClientBase, type ClientConfig } from "pg";
import { FencedOut } from "../exit.ts";
import { assertLeaseHeld, beginUnderLease, beginUnderLeaseSql, endOtherWriters, isLeaseLost, type Lease, takeLease } from "../lease.ts";
import { errorText, log } from "../log.ts";
import { aloneSql } from "./alone.ts";
import { copyInTransaction, type TableRows } from "./copy-transaction.ts";

export interface Database {
  url: string;
  schema: string;
}

/** That this host is gone, or the way to it, PostgreSQL notices within half a minute: by itself it would keep the session, and its locks, for hours. */
const keepAlive = { tcp_keepalives_idle: 10, tcp_keepalives_interval: 5, tcp_keepalives_count: 3 };

/** Settings every session of this program has. `application_name` marks the writers, `takeLease` looks for them. */
export function sessionConfig(database: Database, applicationName: string, settings: Record<string, string | number>): ClientConfig {
  const options = Object.entries({ search_path: database.schema, ...keepAlive, ...settings }).map(([name, value]) => `-c ${name}=${value}`);
  return {
    connectionString: database.url,
    application_name: applicationName,
    options: options.join(" "),
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  };
}

/** How long the session waits for what, in milliseconds. */
export interface SessionTimes {
  statement: number;
  lock: number;
  /** For the turn to write to many tables, see `aloneSql`: whoever has it may rightly work for longer than a lock is held otherwise. */
  turn: number;
  /**
   * PostgreSQL ends a statement after its timeout and says so: whoever is silent for longer is frozen, or the way to it is. Nothing else would
   * tell, since a frozen host's kernel, or a proxy before it, still answers for the connection. Longer as well than the turn with the lease's
   * lock before it and a table's behind it, of which all PostgreSQL may say nothing.
   */
  silence: number;
}

const usualTimes: SessionTimes = { statement: 60_000, lock: 10_000, turn: 40_000, silence: 65_000 };

/**
 * The one session that writes. It connects on first use and again after a failure; it takes the lease the first time and from then on only
 * proves that it still has it, so a fenced program can't win the lease back by reconnecting.
 */
export class WriterSession {
  readonly lease: Lease;
  readonly #database: Database;
  readonly #applicationName: string;
  readonly #times: SessionTimes;
  #client: pg.Client | null = null;
  #leaseTaken = false;

  constructor(database: Database, lease: Lease, times: Partial<SessionTimes> = {}) {
    this.#database = database;
    this.lease = lease;
    this.#times = { ...usualTimes, ...times };
    this.#applicationName = `indexer-writer:${database.schema}`.slice(0, 63);
  }

  /**
   * Runs statements outside of a transaction. A failed connection is thrown away, and so is one on which the database is silent for too long.
   * @param longestSilenceMs how long the database may say nothing and take nothing: more for work whose statements have no timeout.
   */
  async run<T>(work: (client: ClientBase) => Promise<T>, longestSilenceMs = this.#times.silence): Promise<T> {
    const client = await this.#connected();
    try {
      return await unlessSilent(client, longestSilenceMs, () => work(client));
    } catch (error) {
      // Whatever failed, its state is unknown: a fresh connection is the cheapest way to be sure of it.
      this.close();
      throw error;
    }
  }

  /** Runs a transaction under the lease, otherwise as `run`. @throws FencedOut, with nothing written, where the lease is lost. */
  async transaction<T>(work: (client: ClientBase) => Promise<T>, longestSilenceMs = this.#times.silence): Promise<T> {
    return this.run(async (client) => {
      await beginUnderLease(client, this.lease);
      const value = await work(client);
      await client.query("COMMIT");
      return value;
    }, longestSilenceMs);
  }

  /** What a transaction that writes to so many tables runs before it does; null where they are few. */
  aloneSql(tables: number): string | null {
    return aloneSql(tables, this.#times.turn);
  }

  /** Copies rows and runs statements behind them as a transaction under the lease, in one exchange. @throws as `transaction` */
  async copy(copies: readonly TableRows[], statements: string): Promise<void> {
    const begin = [beginUnderLeaseSql(this.lease), this.aloneSql(copies.length) ?? []].flat().join(";\n");
    await this.run(async (client) => {
      try {
        await copyInTransaction(client, begin, copies, `${statements};\nCOMMIT`);
      } catch (error) {
        throw isLeaseLost(error) ? new FencedOut(this.lease.epoch) : error;
      }
    });
  }

  /** Cuts the connection: PostgreSQL rolls back what was open on it. */
  close(): void {
    const client = this.#client;
    this.#client = null;
    client?.end().catch((error: unknown) => log("debug", "closing a failed database session", { error: errorText(error) }));
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    const client = new pg.Client(
      sessionConfig(this.#database, this.#applicationName, {
        // A crash of PostgreSQL may lose the last commits, never one before another, and a range's rows only together with the cursor behind
        // them: they are fetched again. Taking the lease does wait for the disk, and with it for every commit before: nothing a
        // successor has seen can be lost, nor can its lease.
        synchronous_commit: "off",
        statement_timeout: this.#times.statement,
        lock_timeout: this.#times.lock,
        idle_in_transaction_session_timeout: 10_000,
      }),
    );
    client.on("error", (error) => {
      log("warn", "the database session broke", { error: errorText(error) });
      if (this.#client === client) this.#client = null;
    });
    await client.connect();
    try {
      await unlessSilent(client, this.#times.silence, () => (this.#leaseTaken ? this.#return(client) : this.#takeLease(client)));
    } catch (error) {
      await client.end();
      throw error instanceof FencedOut ? error : new Error(`taking the lease failed: ${errorText(error)}`, { cause: error });
    }
    this.#client = client;
    return client;
  }

  async #takeLease(client: pg.Client): Promise<void> {
    await client.query("SET synchronous_commit = on");
    await takeLease(client, this.lease, this.#applicationName);
    await client.query("SET synchronous_commit = off");
    this.#leaseTaken = true;
  }

  /** Comes back on a new connection. PostgreSQL may not know that the one before is gone, and keep what it was doing there. */
  async #return(client: pg.Client): Promise<void> {
    await assertLeaseHeld(client, this.lease);
    await endOtherWriters(client, this.#applicationName);
  }
}

/** Runs work on a session. Where nothing comes or goes on its socket for so long, the socket is destroyed, which fails the work. */
async function unlessSilent<T>(client: pg.Client, longestSilenceMs: number, work: () => Promise<T>): Promise<T> {
  // With TLS or without, the client's stream is a socket, since it is given no other.
  const socket = client.connection.stream as Socket;
  const destroy = () => socket.destroy(new Error(`the database has been silent for ${longestSilenceMs / 1_000} s`));
  socket.setTimeout(longestSilenceMs, destroy);
  try {
    return await work();
  } finally {
    socket.setTimeout(0, destroy);
  }
}
