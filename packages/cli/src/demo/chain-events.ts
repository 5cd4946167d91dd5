import {
  type Abi,
  type AbiEvent,
  type AbiParameter,
  type Address,
  decodeEventLog,
  type Hex,
  toEventSelector,
  toEventSignature,
} from "viem";
import type { ChainConnection } from "./exchange.ts";

/** A value as the endpoint's JSON shows it. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** An event as it must come back from the endpoint: what every event has, and its own parameters in the ABI's order. */
export interface ChainEvent {
  /** Such as `Transfer(address,address,uint256)`. */
  signature: string;
  /** Values that every table shows, by column. */
  place: Record<string, Json>;
  parameters: Json[];
  /** Values that the table of raw logs shows, by column. */
  raw: Record<string, Json>;
}

/** Blocks asked for at once. */
const span = 50n;

/** Reads a contract's events from the chain itself and decodes them with viem: nothing of the indexer's own code takes part. */
export async function readChainEvents(chain: ChainConnection, abi: Abi, address: Address, from: number, to: number): Promise<ChainEvent[]> {
  const events: ChainEvent[] = [];
  const declared = new Map(abi.filter((item): item is AbiEvent => item.type === "event").map((item) => [toEventSelector(item), item]));
  for (let start = BigInt(from); start <= BigInt(to); start += span) {
    const end = start + span - 1n < BigInt(to) ? start + span - 1n : BigInt(to);
    const logs = await chain.public.getLogs({ address, fromBlock: start, toBlock: end });
    const times = new Map<bigint, number>();
    for (const number of new Set(logs.map((log) => log.blockNumber))) {
      times.set(number, Number((await chain.public.getBlock({ blockNumber: number })).timestamp));
    }
    for (const log of logs) {
      const item = declared.get(log.topics[0] as Hex);
      if (!item) throw new Error(`block ${log.blockNumber} holds a log of no declared event`);
      const place = {
        block_number: Number(log.blockNumber),
        log_index: log.logIndex,
        block_hash: log.blockHash,
        transaction_hash: log.transactionHash,
        block_timestamp: times.get(log.blockNumber) ?? null,
        address: log.address.toLowerCase(),
      };
      const { args } = decodeEventLog({ abi: [item], topics: log.topics, data: log.data });
      const topics = Object.fromEntries([0, 1, 2, 3].map((index) => [`topic${index}`, log.topics[index] ?? null]));
      events.push({
        signature: toEventSignature(item),
        place,
        parameters: item.inputs.map((input, index) => expected(input, argumentOf(args, input, index), input.indexed === true)),
        raw: { ...place, transaction_index: log.transactionIndex, ...topics, data: log.data },
      });
    }
  }
  return events;
}

function argumentOf(args: unknown, input: AbiParameter, index: number): unknown {
  return Array.isArray(args) ? args[index] : (args as Record<string, unknown>)[input.name ?? index];
}

/** A value decoded by viem in the form the endpoint's documentation promises. */
function expected(parameter: AbiParameter, value: unknown, indexed = false): Json {
  const { type } = parameter;
  const isHashed = indexed && (/^(string|bytes|tuple)$/.test(type) || type.endsWith("]"));
  if (isHashed) return String(value);
  const array = /^(.*)\[\d*\]$/.exec(type);
  if (array) return (value as unknown[]).map((item) => expected({ ...parameter, type: array[1] ?? "" }, item));
  if (type === "tuple") {
    const components = "components" in parameter ? parameter.components : [];
    return Object.fromEntries(components.map((part, index) => [part.name ?? "", expected(part, argumentOf(value, part, index))]));
  }
  const integer = /^u?int(\d+)$/.exec(type);
  if (integer) return Number(integer[1]) <= 48 ? Number(value) : String(value);
  if (type === "bool") return value === true;
  return type === "string" ? String(value) : String(value).toLowerCase();
}
