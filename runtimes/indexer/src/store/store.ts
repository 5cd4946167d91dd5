import type { IndexerConfig } from "../launch.ts";
import { assertLeaseHeld } from "../lease.ts";
import { quoted } from "./naming.ts";
import type { EncodedRows } from "./rows.ts";
import { indexStatements, prepareSchema } from "./schema.ts";
import type { WriterSession } from "./session.ts";
import type { Tables } from "./tables.ts";

/** An index of hundreds of millions of rows takes its time, and PostgreSQL says nothing until it stands. */
const longestIndexBuildMs = 2 * 60 * 60_000;

/** A block by number and hash. */
export interface BlockId {
  number: number;
  hash: string;
}

/** The last block whose logs are all stored; hash null before there is one. */
export interface Cursor {
  number: number;
  hash: string | null;
}

export interface SyncRow extends Cursor {
  genesisHash: string | null;
  undecoded: number;
  indexesBuilt: boolean;
}

/** The deployment's tables, as the sync loop writes them. Every write is one transaction under the lease. */
export class Store {
  readonly tables: Tables;
  readonly #session: WriterSession;
  readonly #keptBlocks: number;
  #blocksSincePrune = 0;

  constructor(session: WriterSession, tables: Tables, keptBlocks: number) {
    this.#session = session;
    this.tables = tables;
    this.#keptBlocks = keptBlocks;
  }

  /** Takes the lease and creates what is missing. */
  async prepare(config: IndexerConfig): Promise<void> {
    await prepareSchema((work) => this.#session.transaction(work), config, this.tables);
  }

  async sync(): Promise<SyncRow> {
    return this.#session.run(async (client) => {
      const { rows } = await client.query<{
        block_number: string;
        block_hash: string | null;
        genesis_hash: string | null;
        undecoded: string;
        indexes_built: boolean;
      }>("SELECT block_number, block_hash, genesis_hash, undecoded, indexes_built FROM _sync");
      const row = rows[0];
      if (!row) throw new Error("the table _sync lost its row");
      return {
        number: Number(row.block_number),
        hash: row.block_hash,
        genesisHash: row.genesis_hash,
        undecoded: Number(row.undecoded),
        indexesBuilt: row.indexes_built,
      };
    });
  }

  async saveGenesis(hash: string): Promise<void> {
    await this.#session.transaction((client) => client.query("UPDATE _sync SET genesis_hash = $1", [hash]));
  }

  /**
   * Adds the rows of a range of blocks and moves the cursor to its end.
   * @param blocks the range's blocks whose hashes are kept, its last one among them.
   * @returns bytes of the rows.
   */
  async append(tip: BlockId, blocks: readonly BlockId[], rows: EncodedRows): Promise<number> {
    // Numbers and hashes were checked for their form when they were read, so they stand in the text.
    const values = blocks.map(({ number, hash }) => `(${number},'${hash}')`).join(",");
    const copies = [...rows.byTable].map(([table, copied]) => ({ table: quoted(table), rows: copied.finish() }));
    await this.#session.copy(
      copies,
      `INSERT INTO _blocks (number, hash) VALUES ${values} ON CONFLICT (number) DO UPDATE SET hash = excluded.hash;
       ${this.#pruneSql(tip.number, blocks.length)}
       UPDATE _sync SET block_number = ${tip.number}, block_hash = '${tip.hash}', undecoded = undecoded + ${rows.undecoded}`,
    );
    for (const copied of rows.byTable.values()) copied.release();
    return copies.reduce((sum, { rows: { length } }) => sum + length, 0);
  }

  /** Bytes that the schema's tables take on the disk, with their indexes and what they keep beside them. */
  async storedBytes(): Promise<number> {
    return this.#session.run(async (client) => {
      const { rows } = await client.query<{ bytes: string | null }>(
        "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
      );
      return Number(rows[0]?.bytes ?? 0);
    });
  }

  /** Takes every row above a block away and moves the cursor back to it. @returns how many logs were taken away. */
  async rewind(to: Cursor): Promise<number> {
    return this.#session.transaction(async (client) => {
      // A log stands in the table its raw row names, or in none, so the others needn't be looked into, nor locked.
      const { rows: gone } = await client.query<{ table: string | null; logs: string }>(
        `WITH _gone AS (DELETE FROM ${quoted(this.tables.raw.name)} WHERE block_number > $1 RETURNING event_table)
         SELECT event_table AS table, count(*) AS logs FROM _gone GROUP BY event_table`,
        [to.number],
      );
      const touched = gone.flatMap(({ table }) => table ?? []);
      const alone = this.#session.aloneSql(touched.length);
      if (alone) await client.query(alone);
      for (const table of touched) await client.query(`DELETE FROM ${quoted(table)} WHERE block_number > $1`, [to.number]);
      await client.query("DELETE FROM _blocks WHERE number > $1", [to.number]);
      await client.query("UPDATE _sync SET block_number = $1, block_hash = $2, undecoded = undecoded - $3", [
        to.number,
        to.hash,
        Number(gone.find(({ table }) => table === null)?.logs ?? 0),
      ]);
      return gone.reduce((sum, { logs }) => sum + Number(logs), 0);
    });
  }

  /** Kept blocks at or below a number, the highest first. */
  async keptBlocks(atOrBelow: number, limit: number): Promise<BlockId[]> {
    return this.#blocks("SELECT number, hash FROM _blocks WHERE number <= $1 ORDER BY number DESC LIMIT $2", [atOrBelow, limit]);
  }

  /** The highest block at or below a number that has a log; null where none has. Its hash stands in the log. */
  async loggedBlock(atOrBelow: number): Promise<BlockId | null> {
    const found = await this.#blocks(
      `SELECT block_number AS number, '0x' || encode(block_hash, 'hex') AS hash FROM ${quoted(this.tables.raw.name)} WHERE block_number <= $1 ORDER BY block_number DESC, log_index DESC LIMIT 1`,
      [atOrBelow],
    );
    return found[0] ?? null;
  }

  /** The highest block at or below a number whose hash is stored anywhere; null where none is. */
  async highestBlock(atOrBelow: number): Promise<BlockId | null> {
    const [kept] = await this.keptBlocks(atOrBelow, 1);
    const logged = await this.loggedBlock(atOrBelow);
    return kept && (!logged || kept.number >= logged.number) ? kept : logged;
  }

  /** Builds the indexes that filters use, table by table; may take long on many rows. What a start left unfinished the next one goes on with. */
  async buildIndexes(): Promise<void> {
    for (const table of [this.tables.raw, ...this.tables.events]) {
      await this.#session.transaction(async (client) => {
        await client.query("SET LOCAL statement_timeout = 0");
        for (const statement of indexStatements(table)) await client.query(statement);
      }, longestIndexBuildMs);
    }
    await this.#session.transaction((client) => client.query("UPDATE _sync SET indexes_built = true"));
  }

  /** @throws FencedOut where the lease is no longer ours. */
  async assertLeaseHeld(): Promise<void> {
    await this.#session.run((client) => assertLeaseHeld(client, this.#session.lease));
  }

  #pruneSql(tip: number, added: number): string {
    this.#blocksSincePrune += added;
    if (this.#blocksSincePrune < this.#keptBlocks / 10) return "";
    this.#blocksSincePrune = 0;
    return `DELETE FROM _blocks WHERE number < ${tip - this.#keptBlocks};`;
  }

  #blocks(sql: string, values: unknown[]): Promise<BlockId[]> {
    return this.#session.run(async (client) => {
      const { rows } = await client.query<{ number: string; hash: string }>(sql, values);
      return rows.map(({ number, hash }) => ({ number: Number(number), hash }));
    });
  }
}
