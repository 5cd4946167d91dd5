import { MalformedAnswer, readHeader } from "./answers.ts";
import type { ExchangeBounds, RpcCall } from "./endpoint.ts";
import type { Failover } from "./failover.ts";
import { addressBytes, equalBytes, hashBytes, type LogBatch, logParts } from "./log-batch.ts";
import { scanLogs } from "./log-scan.ts";
import { ChainMoved, type Header } from "./types.ts";

const headersPerRequest = 50;
const headersInFlight = 2;
const shortly = { timeoutMs: 10_000 };
/** Blocks come with the hashes of their transactions, 69 bytes each. One block may have 17,000 of them, a batch 2,400 on the average: beyond that its blocks are asked for one by one. */
const headersAnswer = (count: number) => ({ ...shortly, maxResponseBytes: 1024 * 1024 + count * 160 * 1024 });
/** A range that brings more is split, which bounds memory; a single block can't be, and gets more room. */
const rangeAnswer = { timeoutMs: 30_000, maxResponseBytes: 12 * 1024 * 1024 };
const blockAnswer = { timeoutMs: 30_000, maxResponseBytes: 64 * 1024 * 1024 };

/** What the indexer asks a chain. Every method throws RpcUnavailable or RpcRefused where no endpoint answers usably. */
export class Chain {
  readonly #rpc: Failover;

  constructor(rpc: Failover) {
    this.#rpc = rpc;
  }

  /** The block at the head of the chain. */
  async latest(signal: AbortSignal): Promise<Header> {
    return this.#rpc.ask([blockCall("latest")], { ...headersAnswer(1), signal }, ([block]) => {
      const header = readHeader(block);
      if (!header) throw new MalformedAnswer("there is no latest block");
      return header;
    });
  }

  /** Blocks by number in the order asked; null for those the node doesn't have. */
  async headers(numbers: readonly number[], signal: AbortSignal): Promise<(Header | null)[]> {
    const groups: number[][] = [];
    for (let start = 0; start < numbers.length; start += headersPerRequest) groups.push(numbers.slice(start, start + headersPerRequest));
    const found: (Header | null)[] = [];
    for (let start = 0; start < groups.length; start += headersInFlight) {
      const asked = groups.slice(start, start + headersInFlight).map((group) =>
        this.#rpc.ask(
          group.map((number) => blockCall(hexQuantity(number))),
          { ...headersAnswer(group.length), signal },
          (results) => results.map(readHeader),
        ),
      );
      for (const headers of await Promise.all(asked)) found.push(...headers);
    }
    return found;
  }

  /** @throws ChainMoved where the node lacks one of the blocks. */
  async presentHeaders(numbers: readonly number[], signal: AbortSignal): Promise<Header[]> {
    return (await this.headers(numbers, signal)).map((header, i) => {
      if (!header || header.number !== numbers[i]) throw new ChainMoved(`the node has no block ${numbers[i]}`);
      return header;
    });
  }

  /** Hash of block 0; null where the node no longer has it. */
  async genesisHash(signal: AbortSignal): Promise<string | null> {
    return (await this.headers([0], signal))[0]?.hash ?? null;
  }

  /**
   * Logs of some contracts in a range of blocks, both ends included.
   * @throws RangeRefused where the node wants a smaller range or result.
   */
  async logs(from: number, to: number, addresses: readonly string[], signal: AbortSignal): Promise<LogBatch> {
    const inRange = ({ blockNumbers, count }: LogBatch) =>
      count === 0 || ((blockNumbers[0] as number) >= from && (blockNumbers[count - 1] as number) <= to);
    return this.#logs({ fromBlock: hexQuantity(from), toBlock: hexQuantity(to), address: addresses }, { ...rangeAnswer, signal }, inRange);
  }

  /** Logs of some contracts in the block of this hash. A node that doesn't know the block answers with an error, never with an empty list. */
  async logsOfBlock(hash: string, addresses: readonly string[], signal: AbortSignal): Promise<LogBatch> {
    const ofBlock = (logs: LogBatch) => logs.count === 0 || (logs.blockHash(0) === hash && allEqual(logs, logParts.blockHash, hashBytes));
    return this.#logs({ blockHash: hash, address: addresses }, { ...blockAnswer, signal }, ofBlock);
  }

  /** The highest block number that any endpoint knows; null where none answers. */
  async highestBlock(signal: AbortSignal): Promise<number | null> {
    return this.#rpc.highestBlock({ ...shortly, signal });
  }

  /** Has the chain ids checked again before the next request. */
  distrust(): void {
    this.#rpc.distrust();
  }

  #logs(filter: LogFilter, bounds: ExchangeBounds, belong: (logs: LogBatch) => boolean): Promise<LogBatch> {
    const addresses = filter.address.map((address) => Buffer.from(address.slice(2), "hex"));
    return this.#rpc.askBytes({ method: "eth_getLogs", params: [filter] }, bounds, (answer) => {
      const logs = scanLogs(answer);
      if (logs && !(areOf(logs, addresses) && belong(logs))) throw new MalformedAnswer("a log lies outside of what was asked");
      return logs;
    });
  }
}

/** Whether every log is of one of the contracts. */
function areOf(logs: LogBatch, addresses: readonly Buffer[]): boolean {
  for (let i = 0; i < logs.count; i++) {
    if (i > 0 && logs.same(i - 1, i, logParts.address, addressBytes)) continue;
    const at = (logs.starts[i] as number) + logParts.address;
    if (!addresses.some((address) => equalBytes(address, 0, logs.bytes, at, addressBytes))) return false;
  }
  return true;
}

function allEqual(logs: LogBatch, part: number, length: number): boolean {
  for (let i = 1; i < logs.count; i++) if (!logs.same(i - 1, i, part, length)) return false;
  return true;
}

type LogFilter = { address: readonly string[] } & ({ fromBlock: string; toBlock: string } | { blockHash: string });

function blockCall(block: string): RpcCall {
  return { method: "eth_getBlockByNumber", params: [block, false] };
}

function hexQuantity(number: number): string {
  return `0x${number.toString(16)}`;
}
