import pg from "pg";
import { errorText, log } from "../log.ts";
import { type Database, sessionConfig } from "../store/session.ts";
import { Problem } from "./problem.ts";

const statementTimeoutMs = 5_000;
/** PostgreSQL ends a statement after its timeout and says so: one without an answer for longer was lost with its host, or the way to it. */
const silenceMs = statementTimeoutMs + 2_000;
const sessions = 3;

/** bigint columns hold what fits a JSON number (see `tables.ts`), bytes are shown as hex; everything else stays as `pg` reads it. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    if (oid === pg.types.builtins.INT8) return Number;
    if (oid === pg.types.builtins.BYTEA) return (text: string) => `0x${text.slice(2)}`;
    return pg.types.getTypeParser(oid, format);
  }) as typeof pg.types.getTypeParser,
};

export interface Statement {
  text: string;
  values: unknown[];
}

/** Runs one statement within a reader's snapshot. Once one has failed, all others fail like it. */
export type Ask = <R extends pg.QueryResultRow>(statement: Statement) => Promise<R[]>;

/** The sessions queries run on: apart from the writer's, few, read-only and with a limit on every statement's time. */
export class Reader {
  readonly #pool: pg.Pool;

  /** @param longestSilenceMs how long the database may leave a statement unanswered. */
  constructor(database: Database, longestSilenceMs = silenceMs) {
    this.#pool = new pg.Pool({
      ...sessionConfig(database, `indexer-reader:${database.schema}`.slice(0, 63), {
        default_transaction_read_only: "on",
        default_transaction_isolation: "repeatable\\ read",
        bytea_output: "hex",
        statement_timeout: statementTimeoutMs,
        idle_in_transaction_session_timeout: 10_000,
      }),
      query_timeout: longestSilenceMs,
      max: sessions,
      idleTimeoutMillis: 30_000,
      types,
    });
    this.#pool.on("error", (error) => log("warn", "a database session for queries broke", { error: errorText(error) }));
  }

  /**
   * Runs statements on one consistent snapshot, with the block it is synced to.
   * @throws Problem 503 where the database is away or a statement takes too long.
   */
  async snapshot<T>(work: (ask: Ask, syncedBlock: number | null) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw unavailable(error);
    });
    const snapshot = new Snapshot(client);
    let value: T;
    try {
      await snapshot.ask({ text: "BEGIN", values: [] });
      const [sync] = await snapshot.ask<{ block_number: number; block_hash: string | null }>({
        text: "SELECT block_number, block_hash FROM _sync",
        values: [],
      });
      value = await work(snapshot.ask, sync?.block_hash ? sync.block_number : null);
    } catch (error) {
      await snapshot.end("ROLLBACK");
      throw unavailable(error);
    }
    await snapshot.end("COMMIT");
    return value;
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

/** A transaction on a session of the pool. Its statements wait for each other: resolvers of a GraphQL request run at once, a session doesn't. */
class Snapshot {
  readonly #client: pg.PoolClient;
  #last: Promise<unknown> = Promise.resolve();
  /** Why no statement is sent any more: the first failure, or the end of the work, which some of its resolvers outlive. */
  #closed: Error | null = null;
  /** Whether the connection broke or PostgreSQL left a statement unanswered, so that nothing can be said to it here any more. */
  #lost = false;

  /** The pool listens for it only while nobody has the session, and a break that nobody listens for ends the program. */
  readonly #broken = (): void => {
    this.#lost = true;
  };

  constructor(client: pg.PoolClient) {
    this.#client = client;
    client.on("error", this.#broken);
  }

  readonly ask: Ask = <R extends pg.QueryResultRow>(statement: Statement): Promise<R[]> => {
    const rows = this.#last.then(() => this.#send<R>(statement));
    this.#last = rows.catch(() => undefined);
    return rows;
  };

  /**
   * Ends the transaction once the statement under way is answered, and gives the session back: thrown away where it is lost.
   * @throws Problem 503 where it can't be committed.
   */
  async end(how: "COMMIT" | "ROLLBACK"): Promise<void> {
    this.#closed ??= new Error("the snapshot is over");
    await this.#last;
    try {
      if (!this.#lost) await this.#client.query(how);
    } catch (error) {
      this.#lost = true;
      if (how === "COMMIT") throw unavailable(error);
    } finally {
      this.#client.release(this.#lost);
      this.#client.off("error", this.#broken);
    }
  }

  async #send<R extends pg.QueryResultRow>(statement: Statement): Promise<R[]> {
    if (this.#closed) throw this.#closed;
    try {
      return (await this.#client.query<R>(statement)).rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.#lost = true;
      this.#closed ??= unavailable(error);
      throw this.#closed;
    }
  }
}

function unavailable(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "57014") {
    return new Problem(
      503,
      "query_too_slow",
      `the query took longer than ${statementTimeoutMs / 1_000} s: filter by block_number or an indexed column, or order by block_number`,
    );
  }
  // 22P05 and its kin: a value that passed our checks but not PostgreSQL's.
  if (typeof code === "string" && code.startsWith("22"))
    return new Problem(400, "invalid_request", "a value in the request can't be compared with its column");
  log("warn", "a query failed", { error: errorText(error) });
  return new Problem(503, "database_unavailable", "the database can't be queried now: try again in a few seconds");
}
