import type { EncodedEvent } from "../abi/decode.ts";
import { passingBuffers } from "../buffer-pool.ts";
import { MalformedAnswer } from "./answers.ts";

/** Where the parts of a log lie behind its start: the fixed ones first, room for four topics among them, then the data. */
export const logParts = { blockHash: 0, transactionHash: 32, address: 64, topics: 84, data: 212 } as const;

export const hashBytes = 32;
export const addressBytes = 20;

/** The time of a block that a log doesn't tell. */
export const unknownTime = -1;

/**
 * Logs in the order of the chain. Their bytes lie in one buffer and their numbers in lists, since an object and ten texts for each of a
 * backfill's logs cost more than all the rest that is done with them.
 */
export class LogBatch implements EncodedEvent {
  bytes: Buffer;
  readonly blockNumbers: number[] = [];
  readonly logIndexes: number[] = [];
  readonly transactionIndexes: number[] = [];
  /** Unix seconds, or `unknownTime`. */
  readonly timestamps: number[] = [];
  readonly topicCounts: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** The log that `topicsAt`, `topicCount`, `dataAt` and `dataEnd` tell of. */
  current = 0;
  #used = 0;

  /** @param capacity bytes there is room for at first. */
  constructor(capacity = 0) {
    this.bytes = passingBuffers.take(capacity);
  }

  get count(): number {
    return this.starts.length;
  }

  get topicsAt(): number {
    return (this.starts[this.current] as number) + logParts.topics;
  }

  get topicCount(): number {
    return this.topicCounts[this.current] as number;
  }

  get dataAt(): number {
    return (this.starts[this.current] as number) + logParts.data;
  }

  get dataEnd(): number {
    return this.ends[this.current] as number;
  }

  /** Where the bytes of the next log begin. */
  get end(): number {
    return this.#used;
  }

  /** Makes room for a log with this many bytes of data behind the last one. */
  reserve(dataBytes: number): void {
    const needed = this.#used + logParts.data + dataBytes;
    if (needed > this.bytes.length) {
      const larger = passingBuffers.take(Math.max(needed, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.#used + logParts.data);
      this.release();
      this.bytes = larger;
    }
  }

  /** Keeps the log whose bytes were written behind the last one's. */
  add(numbers: LogNumbers, dataBytes: number): void {
    this.starts.push(this.#used);
    this.#used += logParts.data + dataBytes;
    this.ends.push(this.#used);
    this.blockNumbers.push(numbers.blockNumber);
    this.logIndexes.push(numbers.logIndex);
    this.transactionIndexes.push(numbers.transactionIndex);
    this.timestamps.push(numbers.timestamp);
    this.topicCounts.push(numbers.topicCount);
  }

  /** Gives the buffer back: no log may be read from here on. */
  release(): void {
    passingBuffers.giveBack(this.bytes);
  }

  /** Hash of a log's block as hex with 0x. */
  blockHash(log: number): string {
    const start = this.starts[log] as number;
    return `0x${this.bytes.toString("hex", start, start + hashBytes)}`;
  }

  /** Whether two logs agree in a part that is this many bytes long. */
  same(a: number, b: number, part: number, length: number): boolean {
    return equalBytes(this.bytes, (this.starts[a] as number) + part, this.bytes, (this.starts[b] as number) + part, length);
  }
}

export interface LogNumbers {
  blockNumber: number;
  logIndex: number;
  transactionIndex: number;
  timestamp: number;
  topicCount: number;
}

/** Whether two stretches of bytes are equal: for the few bytes of a hash faster than a call out of JavaScript. */
export function equalBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/**
 * The logs of some batches in the order of the chain. They are taken out of those batches, which can't be read from then on.
 * @throws MalformedAnswer where one is listed twice.
 */
export function inChainOrder(batches: readonly LogBatch[]): LogBatch {
  const [only] = batches;
  if (only && batches.length === 1 && isOrdered(only)) return only;
  const places = batches.flatMap((batch) => batch.starts.map((_, log) => ({ batch, log })));
  places.sort(
    (a, b) =>
      (a.batch.blockNumbers[a.log] as number) - (b.batch.blockNumbers[b.log] as number) ||
      (a.batch.logIndexes[a.log] as number) - (b.batch.logIndexes[b.log] as number),
  );
  const ordered = new LogBatch(batches.reduce((sum, { end }) => sum + end, 0));
  for (const { batch, log } of places) {
    const [start, end] = [batch.starts[log] as number, batch.ends[log] as number];
    const dataBytes = end - start - logParts.data;
    ordered.reserve(dataBytes);
    batch.bytes.copy(ordered.bytes, ordered.end, start, end);
    ordered.add(
      {
        blockNumber: batch.blockNumbers[log] as number,
        logIndex: batch.logIndexes[log] as number,
        transactionIndex: batch.transactionIndexes[log] as number,
        timestamp: batch.timestamps[log] as number,
        topicCount: batch.topicCounts[log] as number,
      },
      dataBytes,
    );
  }
  for (const batch of batches) batch.release();
  if (!isOrdered(ordered)) throw new MalformedAnswer("a log is listed twice");
  return ordered;
}

function isOrdered({ blockNumbers, logIndexes, count }: LogBatch): boolean {
  for (let i = 1; i < count; i++) {
    const blocks = (blockNumbers[i] as number) - (blockNumbers[i - 1] as number);
    if (blocks < 0 || (blocks === 0 && (logIndexes[i] as number) <= (logIndexes[i - 1] as number))) return false;
  }
  return true;
}
