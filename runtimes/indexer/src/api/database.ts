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

/** Runs one statement within a reader's snapshot. */
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
    let failure: unknown = null;
    try {
      await client.query("BEGIN");
      const { rows } = await client.query<{ block_number: number; block_hash: string | null }>(
        "SELECT block_number, block_hash FROM _sync",
      );
      // Statements of one snapshot wait for each other: resolvers of a GraphQL request run at once, a session doesn't.
      let last: Promise<unknown> = Promise.resolve();
      const ask: Ask = <R extends pg.QueryResultRow>(statement: Statement) => {
        const mine = last.then(() => client.query<R>(statement)).then((result) => result.rows);
        last = mine.catch(() => undefined);
        return mine.catch((error: unknown) => {
          throw unavailable(error);
        });
      };
      const value = await work(ask, rows[0]?.block_hash ? rows[0].block_number : null);
      await last;
      await client.query("COMMIT");
      return value;
    } catch (error) {
      failure = error;
      throw error instanceof Problem ? error : unavailable(error);
    } finally {
      // A session whose transaction failed is thrown away rather than repaired.
      client.release(failure !== null);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
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
