import { bloomTest } from "../chain/bloom.ts";
import type { Chain } from "../chain/chain.ts";
import { hashBytes, inChainOrder, type LogBatch, logParts, unknownTime } from "../chain/log-batch.ts";
import { RangeRefused } from "../chain/refusals.ts";
import { ChainMoved, type Header } from "../chain/types.ts";
import type { IndexerConfig } from "../launch.ts";
import { type EncodedRows, encodeRows } from "../store/rows.ts";
import type { BlockId } from "../store/store.ts";
import type { Tables } from "../store/tables.ts";

/** Everything that is to be stored of a range of blocks. */
export interface Chunk {
  from: number;
  to: number;
  /** Hash the block below `from` must have: what the chunk may be appended to. */
  parentHash: string;
  tip: BlockId;
  /** Blocks whose hashes are kept. */
  blocks: BlockId[];
  rows: EncodedRows;
}

/** Contracts whose events count in a range that no start block divides. */
export interface Scope {
  addresses: string[];
  mayHoldLogs: (bloom: string) => boolean;
}

/** The contracts that have started at a block, and the last block of the stretch over which that stays so. */
export function scopeAt(contracts: IndexerConfig["contracts"], block: number): { scope: Scope; until: number } {
  const addresses = [...new Set(contracts.filter(({ startBlock }) => startBlock <= block).map(({ address }) => address))];
  const until = Math.min(...contracts.map(({ startBlock }) => startBlock).filter((start) => start > block)) - 1;
  return { scope: { addresses, mayHoldLogs: bloomTest(addresses) }, until };
}

/**
 * Fetches a range and proves that it is whole and of one chain.
 *
 * `deep` ranges lie below the window in which reorganizations are expected: only their first and last blocks are read beside the logs. In the
 * window every block is: each must be its predecessor's child, each log must carry its block's hash, and a block whose bloom speaks of our contracts
 * while the list holds no log of it is asked for by hash, since a node behind the head answers ranges with silence.
 * @throws ChainMoved where the answers don't fit together; RangeRefused where the node wants a smaller range.
 */
export async function fetchChunk(
  chain: Chain,
  tables: Tables,
  scope: Scope,
  from: number,
  to: number,
  deep: boolean,
  signal: AbortSignal,
): Promise<Chunk> {
  const numbers = deep ? (from === to ? [from] : [from, to]) : Array.from({ length: to - from + 1 }, (_, i) => from + i);
  let headers: Header[];
  let logs: LogBatch;
  if (from === to) {
    headers = await chain.presentHeaders(numbers, signal);
    logs = await chain.logsOfBlock((headers[0] as Header).hash, scope.addresses, signal);
  } else {
    const [first, second] = await Promise.allSettled([
      chain.presentHeaders(numbers, signal),
      chain.logs(from, to, scope.addresses, signal),
    ]);
    // The refusal of a range must be seen even where the blocks failed as well.
    if (second.status === "rejected") throw second.reason;
    if (first.status === "rejected") throw first.reason;
    headers = first.value;
    logs = second.value;
    if (!deep) {
      assertLinked(headers);
      logs = await withSilentBlocks(chain, scope, headers, logs, signal);
    }
  }
  const known = new Map(headers.map((header) => [header.number, header]));
  const missing = [...new Set(logs.blockNumbers.filter((block, i) => logs.timestamps[i] === unknownTime && !known.has(block)))];
  for (const header of await chain.presentHeaders(missing, signal)) known.set(header.number, header);
  assertOfBlocks(logs, known);
  const first = headers[0] as Header;
  const last = headers.at(-1) as Header;
  const tip = { number: last.number, hash: last.hash };
  return {
    from,
    to,
    parentHash: first.parentHash,
    tip,
    blocks: deep ? [tip] : headers.map(({ number, hash }) => ({ number, hash })),
    rows: encodeRows(logs, tables, (block) => known.get(block)?.timestamp ?? 0),
  };
}

/** Every log carries the hash of its block: of the one that is known, and the same one as the block's other logs. */
function assertOfBlocks(logs: LogBatch, known: ReadonlyMap<number, Header>): void {
  for (let i = 0; i < logs.count; i++) {
    const block = logs.blockNumbers[i] as number;
    const header = known.get(block);
    const fits =
      i > 0 && logs.blockNumbers[i - 1] === block
        ? logs.same(i - 1, i, logParts.blockHash, hashBytes)
        : header === undefined || header.hash === logs.blockHash(i);
    if (!fits) throw new ChainMoved(`block ${block} changed while its logs were read`);
  }
}

function assertLinked(headers: readonly Header[]): void {
  for (let i = 1; i < headers.length; i++) {
    if (headers[i]?.parentHash !== headers[i - 1]?.hash)
      throw new ChainMoved(`block ${headers[i]?.number} is no child of the block before it`);
  }
}

async function withSilentBlocks(
  chain: Chain,
  scope: Scope,
  headers: readonly Header[],
  logs: LogBatch,
  signal: AbortSignal,
): Promise<LogBatch> {
  const heard = new Set(logs.blockNumbers);
  const silent = headers.filter(({ number, bloom }) => !heard.has(number) && bloom !== null && scope.mayHoldLogs(bloom));
  const found = [logs];
  for (const { hash } of silent) found.push(await chain.logsOfBlock(hash, scope.addresses, signal));
  return inChainOrder(found);
}

/**
 * The logs of a single block that is too much for one answer can't be fetched by halving the range: then contract by contract.
 * @throws RangeRefused where one contract's logs of one block are still too much.
 */
export async function fetchHeavyBlock(chain: Chain, tables: Tables, scope: Scope, block: number, signal: AbortSignal): Promise<Chunk> {
  const [header] = (await chain.presentHeaders([block], signal)) as [Header];
  const logs: LogBatch[] = [];
  for (const address of scope.addresses) {
    try {
      logs.push(await chain.logsOfBlock(header.hash, [address], signal));
    } catch (error) {
      if (error instanceof RangeRefused)
        throw new RangeRefused(
          `block ${block} holds more logs of ${address} than the RPC hands out: use one with a higher limit (${error.message})`,
        );
      throw error;
    }
  }
  const tip = { number: header.number, hash: header.hash };
  return {
    from: block,
    to: block,
    parentHash: header.parentHash,
    tip,
    blocks: [tip],
    rows: encodeRows(inChainOrder(logs), tables, () => header.timestamp),
  };
}
