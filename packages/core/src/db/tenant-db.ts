import { type Compilable, type CompiledQuery, DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector } from "kysely";
import type { Pool, PoolClient } from "pg";
import { gatherWrites, postgresDialect, SnakeCaseCompiler, send } from "./dialect.ts";
import type { DB } from "./types.gen.ts";

declare const tenant: unique symbol;

/**
 * A handle inside a transaction that has set `app.organization_id`, as the role that row-level security binds. Only `TenantDatabase`
 * makes one, so a store function that asks for it can't be called without a tenant.
 */
export type TenantDb = Omit<Kysely<DB>, "transaction" | "startTransaction" | "connection" | "destroy"> & { readonly [tenant]: true };

const handles = new WeakMap<PoolClient, TenantDb>();

/** One Kysely per connection, made once: it only ever uses that connection. */
function handleFor(client: PoolClient): TenantDb {
  const known = handles.get(client);
  if (known) return known;
  const handle = new Kysely<DB>({ dialect: postgresDialect({ acquire: async () => client }) }) as unknown as TenantDb;
  handles.set(client, handle);
  return handle;
}

/** Builds statements without a connection; what `read` takes. */
export const statements = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new SnakeCaseCompiler(),
  },
});

const enterTenant = "select set_config('app.organization_id', $1, true)";

/** Throws the first failure: the later ones of a pipelined transaction only say that it had failed already. */
function requireAll(outcomes: readonly PromiseSettledResult<unknown>[]): void {
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** The rows of each of several named queries. */
export type Rows<Queries> = { [Name in keyof Queries]: NonNullable<Queries[Name]> extends Compilable<infer Row> ? Row[] : never };

/** Access to one organization's rows at a time. */
export class TenantDatabase {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Runs the work in one transaction of the organization and commits, or rolls back when it throws.
   * @param last Statements to send in the commit's own round trip once the work is done; their failure rolls everything back.
   */
  async transaction<Result>(
    organizationId: string,
    work: (db: TenantDb) => Promise<Result>,
    last?: (result: Result) => CompiledQuery[],
  ): Promise<Result> {
    return this.#withClient(async (client) => {
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

  /** Runs read-only statements as one snapshot of the organization, in one round trip. */
  async read<Queries extends Record<string, Compilable<unknown>>>(organizationId: string, queries: Queries): Promise<Rows<Queries>> {
    const names = Object.keys(queries);
    if (names.length === 0) return {} as Rows<Queries>;
    const compiled = names.map((name) => (queries[name] as Compilable<unknown>).compile());
    return this.#withClient(async (client) => {
      gatherWrites(client);
      const outcomes = await Promise.allSettled([
        client.query("begin isolation level repeatable read read only"),
        send(client, enterTenant, [organizationId]),
        ...compiled.map((query) => send(client, query.sql, query.parameters)),
        client.query("commit"),
      ]);
      requireAll(outcomes);
      const rows = outcomes.slice(2, -1).map((outcome) => (outcome as PromiseFulfilledResult<{ rows: unknown[] }>).value.rows);
      return Object.fromEntries(names.map((name, index) => [name, rows[index]])) as Rows<Queries>;
    });
  }

  /** Lends a connection; after a failure it goes back rolled back, or not at all. */
  async #withClient<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
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

  /** Connections open and idle, and callers that wait for one. */
  get usage(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}
