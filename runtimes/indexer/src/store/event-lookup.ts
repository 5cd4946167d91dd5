import { addressBytes, equalBytes, hashBytes, type LogBatch, logParts } from "../chain/log-batch.ts";

interface Declared<Table> {
  address: Buffer;
  topic0: Buffer;
  topics: number;
  table: Table;
}

/** Which table a log belongs to: by contract, first topic and number of topics. */
export class EventLookup<Table> {
  readonly #declared = new Map<number, Declared<Table>[]>();

  /** @param topics that a log of the event has, the first included. A later event of the same contract, topic and number takes its place. */
  add(address: string, topic0: string, topics: number, table: Table): void {
    const declared = { address: Buffer.from(address.slice(2), "hex"), topic0: Buffer.from(topic0.slice(2), "hex"), topics, table };
    const key = keyOf(declared.address, 0, declared.topic0, 0);
    this.#declared.set(key, [declared, ...(this.#declared.get(key) ?? [])]);
  }

  /** The table of a log; null where its contract's ABI declares no event like it. */
  find(logs: LogBatch, log: number): Table | null {
    const topics = logs.topicCounts[log] as number;
    if (topics === 0) return null;
    const { bytes } = logs;
    const addressAt = (logs.starts[log] as number) + logParts.address;
    const topicAt = (logs.starts[log] as number) + logParts.topics;
    for (const declared of this.#declared.get(keyOf(bytes, addressAt, bytes, topicAt)) ?? []) {
      if (
        declared.topics === topics &&
        equalBytes(declared.address, 0, bytes, addressAt, addressBytes) &&
        equalBytes(declared.topic0, 0, bytes, topicAt, hashBytes)
      )
        return declared.table;
    }
    return null;
  }
}

/** 32 bits of both: enough to tell a deployment's events apart, or nearly. */
function keyOf(address: Uint8Array, addressAt: number, topic: Uint8Array, topicAt: number): number {
  return firstBits(address, addressAt) ^ firstBits(topic, topicAt);
}

function firstBits(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}
