import { createHash } from "node:crypto";
import type { ClientBase } from "pg";
import { UnworkableConfiguration } from "../exit.ts";
import type { IndexerConfig } from "../launch.ts";
import { quoted } from "./naming.ts";
import { sqlType, type Table, type Tables } from "./tables.ts";

/** Changes with the layout of the tables: rows of another layout can't be continued. */
const layoutVersion = 1;

/**
 * Creates what is missing of the deployment's tables.
 * @throws UnworkableConfiguration where the schema holds rows of another configuration.
 */
export async function prepareSchema(client: ClientBase, config: IndexerConfig, tables: Tables): Promise<void> {
  const fingerprint = fingerprintOf(config);
  await client.query(`
    CREATE TABLE IF NOT EXISTS _sync (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
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
  return createHash("sha256")
    .update(JSON.stringify([layoutVersion, contracts]))
    .digest("hex");
}
