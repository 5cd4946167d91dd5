import { type Compilable, DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector } from "kysely";
import type { Pool } from "pg";
import { lend } from "./client.ts";
import { gatherWrites, SnakeCaseCompiler, send } from "./dialect.ts";
import { enterTenant, requireAll } from "./tenant-connection.ts";
import type { DB } from "./types.gen.ts";

declare const tenant: unique symbol;

/**
 * A handle inside a transaction that has set `app.organization_id`, as the role that row-level security binds. Only `transaction`
 * (`tenant-transaction.ts`) makes one, so a store function that asks for it can't be called without a tenant.
 */
export type TenantDb = Omit<Kysely<DB>, "transaction" | "startTransaction" | "connection" | "destroy"> & { readonly [tenant]: true };

/** Builds statements without a connection; what `read` takes. */
export const statements = new Kysely<DB>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new SnakeCaseCompiler(),
  },
});

/** The rows of each of several named queries. */
export type Rows<Queries> = { [Name in keyof Queries]: NonNullable<Queries[Name]> extends Compilable<infer Row> ? Row[] : never };

/** Reads one organization's rows at a time. It can't write: a change is made by `mutation`. */
export class TenantDatabase {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Runs read-only statements as one snapshot of the organization, in one round trip. */
  async read<Queries extends Record<string, Compilable<unknown>>>(organizationId: string, queries: Queries): Promise<Rows<Queries>> {
    const names = Object.keys(queries);
    if (names.length === 0) return {} as Rows<Queries>;
    const compiled = names.map((name) => (queries[name] as Compilable<unknown>).compile());
    return lend(this.#pool, async (client) => {
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

  /** Connections open and idle, and callers that wait for one. */
  get usage(): { total: number; idle: number; waiting: number } {
    return { total: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }
}
