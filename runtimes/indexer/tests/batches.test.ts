import { egressAgent } from "@obelisk/egress";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Chain } from "../src/chain/chain.ts";
import { Endpoint, type RpcCall } from "../src/chain/endpoint.ts";
import { Failover } from "../src/chain/failover.ts";
import { RpcUnavailable } from "../src/chain/refusals.ts";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";
import { type Behaviour, rpcProxy } from "./rpc-proxy.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
const running: RunningIndexer[] = [];
const proxies: { close(): void }[] = [];
const bounds = { timeoutMs: 5_000, maxResponseBytes: 1024 * 1024 };

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain()]);
  shapes = await deployShapes(chain);
  for (let i = 0; i < 40; i++) await shapes.emitMany(3);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((indexer) => indexer.stop("SIGKILL")));
  for (const proxy of proxies.splice(0)) proxy.close();
});
afterAll(async () => {
  await Promise.all([chain?.stop(), database?.stop()]);
});

const contracts = () => [{ address: shapes.address, abi: shapes.abi }];
const node = async (insteadOfBatch: Behaviour["insteadOfBatch"] & {}) => {
  const sizes: number[] = [];
  const proxy = await rpcProxy(chain, {
    insteadOfBatch(batch) {
      sizes.push(batch.length);
      return insteadOfBatch(batch);
    },
  });
  proxies.push(proxy);
  return { ...proxy, sizes };
};
const start = async (url: string) => {
  const schema = await database.schema();
  const indexer = new RunningIndexer(launchDocument({ database: schema, rpcUrls: [url], contracts: contracts(), reorgWindowBlocks: 100 }));
  running.push(indexer);
  return { indexer, schema };
};
const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
const agent = () => egressAgent({ allowPrivateTargets: true, connections: 4 });
const endpoint = (url: string) => new Endpoint(url, agent());
const chainOver = (...urls: string[]) => new Chain(new Failover(urls, agent(), 31_337, () => undefined));
const refusal = (code: number, message: string, id: number | null = null) => ({ jsonrpc: "2.0", id, error: { code, message } });
const blockCalls = (count: number): RpcCall[] =>
  Array.from({ length: count }, (_, number) => ({ method: "eth_getBlockByNumber", params: [`0x${number.toString(16)}`, false] }));
const numbers = (blocks: unknown[]) => blocks.map((block) => Number((block as { number: string }).number));

test.each<[string, Behaviour["insteadOfBatch"] & {}]>([
  ["an object: not allowed", () => ({ body: refusal(-32600, "batch requests are not allowed") })],
  ["an object: too large", () => ({ body: refusal(-32600, "batch size is too large") })],
  ["an object: a largest size", () => ({ body: refusal(-32602, "exceeded maximum batch size of 3") })],
  ["an object: a limit", () => ({ body: refusal(-32000, "rpc batch limit exceeded") })],
  ["an object: too many in it", () => ({ body: refusal(-32005, "Too many requests in batch") })],
  ["HTTP 429: too many in it", () => ({ status: 429, body: refusal(429, "Too many requests in batch, the limit is 10") })],
  ["an object: a code of rates or results", () => ({ body: refusal(-32005, "Batched requests are not supported by this server") })],
  ["an object: a result that is too large", () => ({ body: refusal(-32003, "response too large") })],
  ["one error for its first call", ([first]) => ({ body: [refusal(-32600, "batch too large", first?.id)] })],
  ["one error for nobody", () => ({ body: [refusal(-32600, "invalid request")] })],
  ["an error for each call", (batch) => ({ body: batch.map(({ id }) => refusal(-32000, "the batch exceeds the limit", id)) })],
  ["HTTP 413", () => ({ status: 413, body: "no" })],
  ["HTTP 400 without JSON", () => ({ status: 400, body: "no" })],
])("a node that refuses a batch with %s is asked one by one, for a while without trying again", async (_, insteadOfBatch) => {
  const single = await node(insteadOfBatch);
  const asked = endpoint(single.url);
  expect(numbers(await asked.ask(blockCalls(10), bounds))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(numbers(await asked.ask(blockCalls(3), bounds))).toEqual([0, 1, 2]);
  expect(single.sizes).toEqual([10]);
});

test.each<[string, Behaviour["insteadOfBatch"] & {}]>([
  ["its code", () => ({ body: refusal(429, "slow down") })],
  ["its words", () => ({ body: refusal(-32005, "daily request count exceeded, request rate limited") })],
  ["an array", () => ({ body: [refusal(-32005, "Too Many Requests")] })],
  ["its status", () => ({ status: 429, body: "no" })],
])("a batch that is refused for the rate of requests, by %s, is asked as a batch again", async (_, insteadOfBatch) => {
  let refuse = true;
  const limited = await node((batch) => (refuse ? insteadOfBatch(batch) : null));
  const asked = endpoint(limited.url);
  await expect(asked.ask(blockCalls(10), bounds)).rejects.toBeInstanceOf(RpcUnavailable);
  refuse = false;
  expect(numbers(await asked.ask(blockCalls(10), bounds)).length).toBe(10);
  expect(limited.sizes).toEqual([10, 10]);
});

test.each(["batch requests are not allowed", "batch size is too large", "Too many requests in batch"])(
  "behind a node that refuses batches with '%s' the rows equal the chain, and a reorganization is undone",
  async (message) => {
    const single = await node(() => ({ body: refusal(-32600, message) }));
    const { indexer, schema } = await start(single.url);
    await indexer.synced(await head());
    await expectEqualToChain(chain, schema, contracts());
    const batches = single.sizes.length;
    await chain.client.request({ method: "anvil_reorg" as never, params: [10, []] as never });
    await shapes.emitMany(2);
    const { hash } = await chain.client.getBlock({ blockTag: "latest" });
    await waitFor(async () => (await schema.query<{ hash: string }>("SELECT block_hash AS hash FROM _sync"))[0]?.hash === hash, {
      within: 15_000,
      what: `undone; ${indexer.log()}`,
    });
    await expectEqualToChain(chain, schema, contracts());
    expect(single.sizes.length).toBe(batches);
  },
);

test("a batch that is refused once for the rate of requests is waited out, and no call is sent singly in its place", async () => {
  let refused = 0;
  const limited = await node(() => (++refused <= 2 ? { body: refusal(429, "Too Many Requests") } : null));
  const { indexer, schema } = await start(limited.url);
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
  expect(refused).toBeGreaterThan(2);
  const blocks = limited.requests.filter(({ method, params }) => method === "eth_getBlockByNumber" && (params[0] as unknown) !== "latest");
  // All of them came in batches but block 0, which is asked for alone.
  const inBatches = limited.sizes.slice(2).reduce((sum, size) => sum + size, 0);
  expect(blocks.length - inBatches).toBeLessThanOrEqual(3);
});

test("a batch that is answered with a deep nest doesn't end the program: its calls are asked one by one", async () => {
  const body = "[".repeat(30 << 20) + "]".repeat(30 << 20);
  const hostile = await node(() => ({ body }));
  const { indexer, schema } = await start(hostile.url);
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
  expect(hostile.sizes.length).toBeGreaterThan(0);
});

/** A node whose blocks have so many transactions. */
const crowded = async (transactions: number) => {
  const proxy = await rpcProxy(chain, {
    after: ({ method }, answer) =>
      method === "eth_getBlockByNumber"
        ? { ...answer, result: { ...(answer.result as object), transactions: Array(transactions).fill(`0x${"1".repeat(64)}`) } }
        : answer,
  });
  proxies.push(proxy);
  return proxy;
};

test("blocks that are too much for one answer are asked for one by one", async () => {
  const found = await chainOver((await crowded(5_000)).url).headers(
    Array.from({ length: 30 }, (_, number) => number),
    new AbortController().signal,
  );
  expect(found.map((header) => header?.number)).toEqual(Array.from({ length: 30 }, (_, number) => number));
});

test("a node whose answer about one block is larger than any block is left for the next one", async () => {
  const [endless, sound] = [await crowded(20_000), await node(() => null)];
  expect((await chainOver(endless.url, sound.url).latest(new AbortController().signal)).number).toBe(await head());
  await expect(chainOver(endless.url).latest(new AbortController().signal)).rejects.toThrow(/larger than/);
});
