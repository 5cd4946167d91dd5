import type { LocalChain } from "@obelisk/testing/local-chain";
import { type Abi, decodeEventLog, type Hex, type RpcLog } from "viem";
import { expect } from "vitest";
import { tablesOf } from "../src/store/tables.ts";
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

/**
 * Compares every row with the chain's own logs, decoded by viem: the same logs, in the same order, with the same values, in the raw table and
 * in each event's table, and nothing besides.
 * @returns how many logs there are.
 */
export async function expectEqualToChain(chain: LocalChain, schema: RuntimeSchema, contracts: ContractConfig[]): Promise<number> {
  const tables = tablesOf(
    contracts.map(({ address, abi, startBlock = 0 }) => ({ address: address.toLowerCase(), abi: abi as { type: string }[], startBlock })),
  );
  const answer = await fetch(chain.rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "eth_getLogs",
      params: [{ address: contracts.map(({ address }) => address), fromBlock: "0x0", toBlock: "latest" }],
    }),
  });
  const { result: logs } = (await answer.json()) as { result: RpcLog[] };
  const wanted = logs.filter(
    (log) => Number(log.blockNumber) >= (contracts.find(({ address }) => address.toLowerCase() === log.address)?.startBlock ?? 0),
  );
  const raw = (await schema.query("SELECT * FROM logs ORDER BY block_number, log_index")).map(inHex);
  expect(raw.length).toBe(wanted.length);
  const expected = new Map<string, unknown[]>(tables.events.map(({ name }) => [name, []]));
  wanted.forEach((log, i) => {
    const key = {
      block_number: String(Number(log.blockNumber)),
      log_index: Number(log.logIndex),
      block_hash: log.blockHash,
      transaction_hash: log.transactionHash,
      address: log.address,
    };
    expect(raw[i]).toMatchObject({
      ...key,
      data: log.data,
      topic0: log.topics[0] ?? null,
      topic1: log.topics[1] ?? null,
      topic2: log.topics[2] ?? null,
    });
    const table = tables.events.find(({ name }) => name === raw[i]?.event_table);
    if (!table) return;
    const abi = contracts.find(({ address }) => address.toLowerCase() === log.address)?.abi as Abi;
    const args = decodeEventLog({ abi, topics: log.topics as [Hex], data: log.data, strict: true }).args as unknown as
      | Record<string, unknown>
      | unknown[]
      | undefined;
    expected.get(table.name)?.push({ ...key, values: Object.values(args ?? {}).map(plain) });
  });
  for (const table of tables.events) {
    const rows = (await schema.query(`SELECT * FROM "${table.name}" ORDER BY block_number, log_index`)).map(inHex);
    const found = rows.map((row) => ({
      block_number: row.block_number,
      log_index: row.log_index,
      block_hash: row.block_hash,
      transaction_hash: row.transaction_hash,
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
