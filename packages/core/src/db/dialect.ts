import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { PoolClient, QueryArrayResult } from "pg";

const camelToSnake = new Map<string, string>();
const snakeToCamel = new Map<string, string>();

/** Most names each cache holds; far above what the schema has. */
const nameLimit = 5_000;

function remembered(cache: Map<string, string>, name: string, convert: (name: string) => string): string {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const converted = convert(name);
  if (cache.size < nameLimit) cache.set(name, converted);
  return converted;
}

/** `createdAt` → `created_at` */
export function snakeCase(name: string): string {
  return remembered(camelToSnake, name, (text) => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** `created_at` → `createdAt` */
export function camelCase(name: string): string {
  return remembered(snakeToCamel, name, (text) => text.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

/** Writes camel-case names of the code as the snake-case names of the database. */
export class SnakeCaseCompiler extends PostgresQueryCompiler {
  protected override sanitizeIdentifier(identifier: string): string {
    return super.sanitizeIdentifier(snakeCase(identifier));
  }
}

/** Distinct statements given a name; any further one is sent unnamed, so that generated SQL can't fill the server's memory. */
const statementLimit = 400;
const statementNames = new Map<string, string>();

function statementName(sql: string): string | undefined {
  const known = statementNames.get(sql);
  if (known || statementNames.size >= statementLimit) return known;
  const name = createHash("sha256").update(sql).digest("base64url").slice(0, 22);
  statementNames.set(sql, name);
  return name;
}

function streamOf(client: PoolClient): Writable {
  return (client as unknown as { connection: { stream: Writable } }).connection.stream;
}

/** Whether a client's connection is closed, or about to be: its pool learns of that a moment later, and would lend it once more. */
export function isLost(client: PoolClient): boolean {
  return streamOf(client).destroyed;
}

const gathering = new WeakSet<object>();

/**
 * Holds back what is written to a client until the current turn is over: statements issued together then leave in one write, which
 * costs a fraction of one each.
 */
export function gatherWrites(client: PoolClient): void {
  const stream = streamOf(client);
  if (gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(stream);
    stream.uncork();
  });
}

/**
 * Sends one statement on a client and gives rows with camel-case keys. Statements with parameters are prepared once per connection.
 * The statement is on the wire before the first await, so several calls share a round trip on a pipelined client.
 */
export async function send<Row>(client: PoolClient, sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>> {
  gatherWrites(client);
  const name = parameters.length > 0 ? statementName(sql) : undefined;
  const result: QueryArrayResult = await client.query({
    text: sql,
    values: parameters as unknown[],
    rowMode: "array",
    ...(name === undefined ? {} : { name }),
  });
  const keys = result.fields.map((field) => camelCase(field.name));
  const rows = result.rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index += 1) row[keys[index] as string] = values[index];
    return row as Row;
  });
  return { rows, ...(result.rowCount === null ? {} : { numAffectedRows: BigInt(result.rowCount) }) };
}

class ClientConnection implements DatabaseConnection {
  readonly client: PoolClient;

  constructor(client: PoolClient) {
    this.client = client;
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return send<Row>(this.client, query.sql, query.parameters);
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error("page through a large result with a key instead of streaming it");
  }
}

/** Where a dialect gets clients from and gives them back to; a source of one fixed client only gives. */
export interface ClientSource {
  acquire(): Promise<PoolClient>;
  release?(client: PoolClient): void;
  end?(): Promise<void>;
}

class ClientDriver implements Driver {
  readonly #source: ClientSource;

  constructor(source: ClientSource) {
    this.#source = source;
  }

  async init(): Promise<void> {
    // The pool connects when it is first asked.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new ClientConnection(await this.#source.acquire());
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await send((connection as ClientConnection).client, "begin", []);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await send((connection as ClientConnection).client, "commit", []);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await send((connection as ClientConnection).client, "rollback", []);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#source.release?.((connection as ClientConnection).client);
  }

  async destroy(): Promise<void> {
    await this.#source.end?.();
  }
}

/** Kysely over `pg` clients of any source, with prepared statements and camel-case rows. */
export function postgresDialect(source: ClientSource): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new ClientDriver(source),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new SnakeCaseCompiler(),
  };
}
