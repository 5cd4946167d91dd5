import type { LocalChain } from "@obelisk/testing/local-chain";
import { type Abi, type AbiEvent, decodeEventLog, type Hex, type RpcLog, toEventSelector, toEventSignature } from "viem";
import { expect } from "vitest";
import { type EventTable, type Tables, tablesOf } from "../src/store/tables.ts";
import { encodable } from "./encodable.ts";
import type { ContractConfig, RuntimeSchema } from "./fixture.ts";

/** JSON as PostgreSQL gives it: whole numbers above 48 bits as text, as the decoder writes them. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value.replaceAll("\0", "\ufffd");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  return value;
}

/** A row with its bytes as the endpoint shows them. */
function inHex(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, Buffer.isBuffer(value) ? `0x${value.toString("hex")}` : value]),
  );
}

/** Asks the chain many calls in one exchange. */
async function ask<T>(chain: LocalChain, calls: readonly { method: string; params: unknown[] }[]): Promise<T[]> {
  const answer = await fetch(chain.rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))),
  });
  const results = new Map(((await answer.json()) as { id: number; result: T }[]).map(({ id, result }) => [id, result]));
  return calls.map((_, id) => results.get(id) as T);
}

/** The event of an ABI that a log is of: viem knows its signature; its topics tell how many parameters are indexed. */
function eventOf(abi: Abi, log: RpcLog): AbiEvent | undefined {
  return abi.find(
    (item): item is AbiEvent =>
      item.type === "event" &&
      !item.anonymous &&
      toEventSelector(item) === log.topics[0] &&
      item.inputs.filter(({ indexed }) => indexed).length + 1 === log.topics.length,
  );
}

/** The table of an event, told by what it says it is of. */
function tableOf(tables: Tables, event: AbiEvent): EventTable | undefined {
  const signature = toEventSignature(event);
  const flags = event.inputs.map(({ indexed }) => indexed === true);
  return tables.events.find(({ event: own, columns }) => own === signature && flags.every((flag, at) => columns[6 + at]?.indexed === flag));
}

/** Values of a log as viem decodes them. */
function valuesOf(event: AbiEvent, log: RpcLog): unknown[] {
  const known: AbiEvent = { ...event, inputs: event.inputs.map(encodable) };
  const topics = [toEventSelector(known), ...log.topics.slice(1)] as [Hex];
  const { args } = decodeEventLog({ abi: [known], topics, data: log.data, strict: true }) as { args?: Record<string, unknown> | unknown[] };
  return Object.values(args ?? {}).map(plain);
}

/**
 * Compares every row with the chain's own logs, decoded by viem: the same logs, in the same order, with the same values, in the raw table and
 * in each event's table, and nothing besides.
 * @param undecodable which logs no event of the ABIs fits; all others must stand in an event's table.
 * @returns how many logs there are.
 */
export async function expectEqualToChain(
  chain: LocalChain,
  schema: RuntimeSchema,
  contracts: ContractConfig[],
  undecodable: (log: RpcLog) => boolean = () => false,
): Promise<number> {
  const tables = tablesOf(
    contracts.map(({ address, abi, startBlock = 0 }) => ({ address: address.toLowerCase(), abi: abi as { type: string }[], startBlock })),
  );
  const filter = { address: contracts.map(({ address }) => address), fromBlock: "0x0", toBlock: "latest" };
  const [logs] = (await ask<RpcLog[]>(chain, [{ method: "eth_getLogs", params: [filter] }])) as [RpcLog[]];
  const wanted = logs.filter(
    (log) => Number(log.blockNumber) >= (contracts.find(({ address }) => address.toLowerCase() === log.address)?.startBlock ?? 0),
  );
  const numbers = [...new Set(wanted.map(({ blockNumber }) => blockNumber))];
  const blocks = await ask<{ timestamp: Hex }>(
    chain,
    numbers.map((number) => ({ method: "eth_getBlockByNumber", params: [number, false] })),
  );
  const times = new Map(numbers.map((number, at) => [number, String(Number(blocks[at]?.timestamp))]));
  const raw = (await schema.query("SELECT * FROM logs ORDER BY block_number, log_index")).map(inHex);
  expect(raw.length).toBe(wanted.length);
  const expected = new Map<string, unknown[]>(tables.events.map(({ name }) => [name, []]));
  wanted.forEach((log, i) => {
    const key = {
      block_number: String(Number(log.blockNumber)),
      log_index: Number(log.logIndex),
      block_hash: log.blockHash,
      transaction_hash: log.transactionHash,
      block_timestamp: times.get(log.blockNumber),
      address: log.address,
    };
    const abi = contracts.find(({ address }) => address.toLowerCase() === log.address)?.abi as Abi;
    const event = undecodable(log) ? undefined : eventOf(abi, log);
    const table = event && tableOf(tables, event);
    if (!undecodable(log)) expect(table, `a table for the log of topic ${log.topics[0]}`).toBeDefined();
    expect(raw[i]).toEqual({
      ...key,
      transaction_index: Number(log.transactionIndex),
      topic0: log.topics[0] ?? null,
      topic1: log.topics[1] ?? null,
      topic2: log.topics[2] ?? null,
      topic3: log.topics[3] ?? null,
      data: log.data,
      event_table: table?.name ?? null,
    });
    if (event && table) expected.get(table.name)?.push({ ...key, values: valuesOf(event, log) });
  });
  for (const table of tables.events) {
    const rows = (await schema.query(`SELECT * FROM "${table.name}" ORDER BY block_number, log_index`)).map(inHex);
    const found = rows.map((row) => ({
      block_number: row.block_number,
      log_index: row.log_index,
      block_hash: row.block_hash,
      transaction_hash: row.transaction_hash,
      block_timestamp: row.block_timestamp,
      address: row.address,
      values: table.columns.slice(6).map(({ name, type }) => (type === "bigint" ? Number(row[name]) : row[name])),
    }));
    // viem leaves out nothing but orders tuples of named and unnamed parameters alike: by the ABI.
    expect(
      found.map((row) => comparable(row)),
      table.name,
    ).toEqual((expected.get(table.name) ?? []).map((row) => comparable(row as { values: unknown[] })));
  }
  return wanted.length;
}

/** Numbers and their texts count as the same: which of them a column gives is `tables.ts`'s choice, tested elsewhere. */
function comparable(row: { values: unknown[] }): unknown {
  return JSON.parse(JSON.stringify(row, (_, value) => (typeof value === "number" ? String(value) : value)));
}
