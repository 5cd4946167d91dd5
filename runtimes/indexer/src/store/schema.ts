import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { Outdated, UnworkableConfiguration } from "../exit.ts";
import type { IndexerConfig } from "../launch.ts";
import { log } from "../log.ts";
import { quoted } from "./naming.ts";
import { sqlType, type Table, type Tables } from "./tables.ts";

/** Changes with the layout of the tables: rows of an older layout can't be continued. Layout 1 was not written down; up to 2, events
 * with `function` parameters were not decoded. */
const layoutVersion = 3;

/**
 * Tables that one transaction creates or drops at most. PostgreSQL keeps the locks of all transactions of all databases in one table of some
 * thousands: to create a table takes half a dozen of them, for its indexes and what is stored beside it, and to drop it one more for each column.
 */
const tablesPerTransaction = 10;

/** Runs a transaction that only the lease's holder may write in. */
export type Transact = <T>(work: (client: ClientBase) => Promise<T>) => Promise<T>;

/**
 * Creates the deployment's tables where they aren't there. Those of an older layout are dropped: all that is in them can be had from the chain again.
 *
 * It takes several transactions. The first one writes the layout down, in a `_sync` of nothing else, so that from then on a program of an older
 * layout leaves alone what is half made; the last one makes it the `_sync` that tells how far the rows reach. Where it isn't that, whatever there
 * is was left behind by a start that came to no end.
 * @throws UnworkableConfiguration where the schema holds rows of another configuration; Outdated where its layout is newer, with nothing changed.
 */
export async function prepareSchema(transact: Transact, config: IndexerConfig, tables: Tables): Promise<void> {
  const stored = await transact(storedLayout);
  if (stored && stored.layout > layoutVersion) throw new Outdated(stored.layout, layoutVersion);
  if (stored?.layout === layoutVersion && stored.finished) {
    await transact((client) => assertSameConfiguration(client, config));
    return;
  }
  if (stored && stored.layout < layoutVersion) {
    log("warn", "the tables are of an older layout: they are made anew and filled from the start block on", {
      stored: stored.layout,
      layout: layoutVersion,
    });
  }
  await transact((client) =>
    client.query(`DROP TABLE IF EXISTS _sync; CREATE TABLE _sync (layout integer NOT NULL); INSERT INTO _sync VALUES (${layoutVersion})`),
  );
  while ((await transact(dropSomeTables)) > 0);
  const wanted = [tables.raw, ...tables.events];
  for (let at = 0; at < wanted.length; at += tablesPerTransaction) {
    const some = wanted.slice(at, at + tablesPerTransaction).map(createTable);
    await transact((client) => client.query(some.join(";\n")));
  }
  await transact((client) => createSync(client, config));
}

async function createSync(client: ClientBase, config: IndexerConfig): Promise<void> {
  await client.query(`
    DROP TABLE _sync;
    CREATE TABLE _sync (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      layout integer NOT NULL DEFAULT ${layoutVersion},
      chain_id bigint NOT NULL,
      fingerprint text NOT NULL,
      genesis_hash text,
      -- The last block whose logs are all here; one below the first start block before any is.
      block_number bigint NOT NULL,
      block_hash text,
      undecoded bigint NOT NULL DEFAULT 0,
      indexes_built boolean NOT NULL DEFAULT false
    );
    CREATE TABLE _blocks (number bigint PRIMARY KEY, hash text NOT NULL)`);
  const start = Math.min(...config.contracts.map(({ startBlock }) => startBlock));
  await client.query("INSERT INTO _sync (chain_id, fingerprint, block_number) VALUES ($1, $2, $3)", [
    config.chainId,
    fingerprintOf(config),
    start - 1,
  ]);
}

async function assertSameConfiguration(client: ClientBase, config: IndexerConfig): Promise<void> {
  const { rows } = await client.query<{ chain_id: string; fingerprint: string }>("SELECT chain_id, fingerprint FROM _sync");
  if (Number(rows[0]?.chain_id) !== config.chainId) {
    throw new UnworkableConfiguration(
      `config.chainId is ${config.chainId}, but the schema holds events of chain ${rows[0]?.chain_id}: create a new indexer for another chain`,
    );
  }
  if (rows[0]?.fingerprint !== fingerprintOf(config)) {
    throw new UnworkableConfiguration(
      "config.contracts differ from those the schema was filled for: create a new indexer for other contracts, ABIs or start blocks",
    );
  }
}

/** The layout of the tables that are there, and whether they all are; null before there are any. */
async function storedLayout(client: ClientBase): Promise<{ layout: number; finished: boolean } | null> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass('_sync') AND attnum > 0",
  );
  const columns = rows.map(({ name }) => name);
  if (columns.length === 0) return null;
  if (!columns.includes("layout")) return { layout: 1, finished: true };
  const sync = await client.query<{ layout: number }>("SELECT layout FROM _sync");
  return { layout: sync.rows[0]?.layout ?? layoutVersion, finished: columns.includes("block_number") };
}

/** Drops tables of ours, but never `_sync`, nor the lease, which isn't ours. @returns how many, 0 where none is left. */
async function dropSomeTables(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
     WHERE schemaname = current_schema() AND tableowner = current_user AND tablename NOT IN ('_lease', '_sync') LIMIT ${tablesPerTransaction}`,
  );
  if (rows.length > 0) await client.query(`DROP TABLE ${rows.map(({ name }) => quoted(name)).join(", ")}`);
  return rows.length;
}

/** Statements that build the indexes filters need on a table. Kept for after the backfill, which they would slow down. */
export function indexStatements(table: Table): string[] {
  return table.columns
    .filter(({ name, indexed }) => indexed || name === "transaction_hash")
    .map(
      ({ name }) =>
        `CREATE INDEX IF NOT EXISTS ${quoted(indexName(table.name, name))} ON ${quoted(table.name)} (${quoted(name)}, block_number, log_index)`,
    );
}

function createTable(table: Table): string {
  const columns = table.columns.map(({ name, type, nullable }) => `${quoted(name)} ${sqlType(type)}${nullable ? "" : " NOT NULL"}`);
  return `CREATE TABLE ${quoted(table.name)} (${columns.join(", ")}, PRIMARY KEY (block_number, log_index))`;
}

function indexName(table: string, column: string): string {
  return `_ix_${createHash("sha256").update(`${table}.${column}`).digest("hex").slice(0, 24)}`;
}

function fingerprintOf(config: IndexerConfig): string {
  const contracts = config.contracts.map(({ address, abi, startBlock }) => [
    address,
    startBlock,
    abi.filter(({ type }) => type === "event"),
  ]);
  return createHash("sha256").update(JSON.stringify(contracts)).digest("hex");
}
