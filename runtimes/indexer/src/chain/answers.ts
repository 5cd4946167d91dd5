import type { ChainLog, Header } from "./types.ts";

/** An answer that isn't what the method promises. The endpoint that gave it counts as failed. */
export class MalformedAnswer extends Error {
  constructor(what: string) {
    super(`malformed answer: ${what}`);
    this.name = "MalformedAnswer";
  }
}

const hash = /^0x[0-9a-f]{64}$/;
const address = /^0x[0-9a-f]{40}$/;
const bytes = /^0x(?:[0-9a-f]{2})*$/;
const quantity = /^0x[0-9a-fA-F]{1,16}$/;
const bloom = /^0x[0-9a-f]{512}$/;

/** A hex quantity. Times beyond 2^53 seconds, which test chains can be set to, count as that. */
export function readQuantity(value: unknown, what: string): number {
  if (typeof value !== "string" || !quantity.test(value)) throw new MalformedAnswer(`${what} is no quantity`);
  return Math.min(Number.parseInt(value, 16), Number.MAX_SAFE_INTEGER);
}

function readHex(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value === "string") {
    if (pattern.test(value)) return value;
    const lower = value.toLowerCase();
    if (pattern.test(lower)) return lower;
  }
  throw new MalformedAnswer(`${what} is not the hex it should be`);
}

/** A block without its transactions; null where the node has no such block. */
export function readHeader(value: unknown): Header | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new MalformedAnswer("the block is no object");
  const block = value as Record<string, unknown>;
  return {
    number: readQuantity(block.number, "block.number"),
    hash: readHex(block.hash, hash, "block.hash"),
    parentHash: readHex(block.parentHash, hash, "block.parentHash"),
    timestamp: readQuantity(block.timestamp, "block.timestamp"),
    bloom: typeof block.logsBloom === "string" ? meaningfulBloom(block.logsBloom.toLowerCase()) : null,
  };
}

/** Some chains fill the bloom with ones: it then says nothing. */
function meaningfulBloom(value: string): string | null {
  return bloom.test(value) && !/^0xf+$/.test(value) ? value : null;
}

/** The logs of an answer in the order of the chain. */
export function readLogs(value: unknown): ChainLog[] {
  if (!Array.isArray(value)) throw new MalformedAnswer("the logs are no list");
  const logs = new Array<ChainLog>(value.length);
  let ordered = true;
  for (let i = 0; i < value.length; i++) {
    const log = readLog(value[i]);
    const previous = logs[i - 1];
    if (previous && comparePosition(previous, log) >= 0) ordered = false;
    logs[i] = log;
  }
  if (ordered) return logs;
  logs.sort(comparePosition);
  for (let i = 1; i < logs.length; i++) {
    if (comparePosition(logs[i - 1] as ChainLog, logs[i] as ChainLog) === 0) throw new MalformedAnswer("a log is listed twice");
  }
  return logs;
}

function comparePosition(a: ChainLog, b: ChainLog): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}

function readLog(value: unknown): ChainLog {
  if (typeof value !== "object" || value === null) throw new MalformedAnswer("a log is no object");
  const log = value as Record<string, unknown>;
  if (log.removed === true) throw new MalformedAnswer("a log is marked as removed");
  if (!Array.isArray(log.topics) || log.topics.length > 4) throw new MalformedAnswer("log.topics is no list of at most 4");
  return {
    address: readHex(log.address, address, "log.address"),
    topics: log.topics.map((topic: unknown) => readHex(topic, hash, "log.topics")),
    data: readHex(log.data, bytes, "log.data"),
    blockNumber: readQuantity(log.blockNumber, "log.blockNumber"),
    blockHash: readHex(log.blockHash, hash, "log.blockHash"),
    transactionHash: readHex(log.transactionHash, hash, "log.transactionHash"),
    transactionIndex: readQuantity(log.transactionIndex, "log.transactionIndex"),
    logIndex: readQuantity(log.logIndex, "log.logIndex"),
    blockTimestamp: typeof log.blockTimestamp === "string" ? readQuantity(log.blockTimestamp, "log.blockTimestamp") : null,
  };
}
