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
 * Creates what is missing of the deployment's tables. Those of an older layout are dropped: all that is in them can be had from the chain again.
 * @throws UnworkableConfiguration where the schema holds rows of another configuration; Outdated where its layout is newer, with nothing changed.
 */
export async function prepareSchema(client: ClientBase, config: IndexerConfig, tables: Tables): Promise<void> {
  const fingerprint = fingerprintOf(config);
  const stored = await storedLayout(client);
  if (stored !== null && stored > layoutVersion) throw new Outdated(stored, layoutVersion);
  if (stored !== null && stored < layoutVersion) {
    log("warn", "the tables are of an older layout: they are made anew and filled from the start block on", {
      stored,
      layout: layoutVersion,
    });
    await dropTables(client);
  }
  await client.query(`
    CREATE TABLE IF NOT EXISTS _sync (
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
    CREATE TABLE IF NOT EXISTS _blocks (number bigint PRIMARY KEY, hash text NOT NULL)`);
  for (const table of [tables.raw, ...tables.events]) await client.query(createTable(table));
  const start = Math.min(...config.contracts.map(({ startBlock }) => startBlock));
  await client.query("INSERT INTO _sync (chain_id, fingerprint, block_number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
    config.chainId,
    fingerprint,
    start - 1,
  ]);
  const { rows } = await client.query<{ chain_id: string; fingerprint: string }>("SELECT chain_id, fingerprint FROM _sync");
  if (Number(rows[0]?.chain_id) !== config.chainId) {
    throw new UnworkableConfiguration(
      `config.chainId is ${config.chainId}, but the schema holds events of chain ${rows[0]?.chain_id}: create a new indexer for another chain`,
    );
  }
  if (rows[0]?.fingerprint !== fingerprint) {
    throw new UnworkableConfiguration(
      "config.contracts differ from those the schema was filled for: create a new indexer for other contracts, ABIs or start blocks",
    );
  }
}

/** The layout of the tables that are there; null before there are any. */
async function storedLayout(client: ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ exists: boolean; told: boolean }>(
    `SELECT to_regclass('_sync') IS NOT NULL AS exists,
       EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('_sync') AND attname = 'layout') AS told`,
  );
  if (!rows[0]?.exists) return null;
  if (!rows[0].told) return 1;
  const sync = await client.query<{ layout: number }>("SELECT layout FROM _sync");
  return sync.rows[0]?.layout ?? layoutVersion;
}

/** Drops every table of ours but the lease, which isn't ours. */
async function dropTables(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user AND tablename <> '_lease'",
  );
  if (rows.length > 0) await client.query(`DROP TABLE ${rows.map(({ name }) => quoted(name)).join(", ")}`);
}

/** Statements that build the indexes filters need. Kept for after the backfill, which they would slow down. */
export function indexStatements(tables: Tables): string[] {
  const statements = [
    `CREATE INDEX IF NOT EXISTS ${quoted(indexName(tables.raw.name, "topic0"))} ON ${quoted(tables.raw.name)} (topic0, block_number, log_index)`,
  ];
  for (const table of [tables.raw, ...tables.events]) {
    for (const column of table.columns) {
      if (!column.indexed && column.name !== "transaction_hash") continue;
      statements.push(
        `CREATE INDEX IF NOT EXISTS ${quoted(indexName(table.name, column.name))} ON ${quoted(table.name)} (${quoted(column.name)}, block_number, log_index)`,
      );
    }
  }
  return statements;
}

function createTable(table: Table): string {
  const columns = table.columns.map(({ name, type, nullable }) => `${quoted(name)} ${sqlType(type)}${nullable ? "" : " NOT NULL"}`);
  return `CREATE TABLE IF NOT EXISTS ${quoted(table.name)} (${columns.join(", ")}, PRIMARY KEY (block_number, log_index))`;
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
