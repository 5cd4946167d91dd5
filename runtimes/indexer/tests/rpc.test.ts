import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { type LaunchOptions, launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";
import { type Behaviour, type RpcRequest, rpcProxy } from "./rpc-proxy.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
const running: RunningIndexer[] = [];
const proxies: { close(): void }[] = [];

async function proxy(behaviour: Behaviour) {
  const made = await rpcProxy(chain, behaviour);
  proxies.push(made);
  return made;
}

const contracts = () => [{ address: shapes.address, abi: shapes.abi }];
const start = async (rpcUrls: string[], options: Partial<LaunchOptions> = {}) => {
  const schema = options.database ?? (await database.schema());
  const indexer = new RunningIndexer(launchDocument({ rpcUrls, contracts: contracts(), ...options, database: schema }));
  running.push(indexer);
  return { indexer, schema };
};
const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
const span = ({ params: [filter] }: RpcRequest) => (filter?.fromBlock ? Number(filter.toBlock) - Number(filter.fromBlock) + 1 : 1);

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({ args: ["--gas-limit", "500000000"] })]);
  shapes = await deployShapes(chain);
  for (let i = 0; i < 20; i++) {
    await shapes.emitMany(50);
    await chain.client.mine({ blocks: 60 });
  }
  await shapes.emitEach();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((indexer) => indexer.stop("SIGKILL")));
  for (const made of proxies.splice(0)) made.close();
});
afterAll(async () => {
  await Promise.all([chain?.stop(), database?.stop()]);
});

test("ranges shrink to what a node allows and the rows equal the chain", async () => {
  const limited = await proxy({
    intercept: (request) =>
      request.method === "eth_getLogs" && span(request) > 25
        ? { error: { code: -32602, message: "eth_getLogs is limited to a 25 block range" } }
        : null,
  });
  const { indexer, schema } = await start([limited.url], { reorgWindowBlocks: 50 });
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
  const asked = limited.requests.filter(({ method }) => method === "eth_getLogs");
  expect(asked.filter((request) => span(request) > 25).length).toBeLessThan(asked.length / 4);
});

test("ranges shrink until the result is small enough, down to contracts of a single block", async () => {
  const limited = await proxy({
    after: (request, answer) =>
      request.method === "eth_getLogs" && Array.isArray(answer.result) && answer.result.length > 60
        ? { jsonrpc: "2.0", id: request.id, error: { code: -32005, message: "query returned more than 60 results" } }
        : answer,
  });
  const { indexer, schema } = await start([limited.url], { reorgWindowBlocks: 50 });
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
});

test("ranges grow over empty blocks", async () => {
  const open = await proxy({});
  const { indexer } = await start([open.url], { reorgWindowBlocks: 8 });
  await indexer.synced(await head());
  expect(open.requests.filter(({ method }) => method === "eth_getLogs").length).toBeLessThan(40);
});

test("during a backfill over slow answers the head is asked for now and then, and one failure of that loses nothing that was fetched", async () => {
  let latest = 0;
  const slow = await proxy({
    intercept: ({ method, params }) => {
      if (method !== "eth_getBlockByNumber" || (params[0] as unknown) !== "latest") return null;
      return ++latest > 1 ? { error: { code: -32000, message: "header not found" } } : null;
    },
    delayMs: ({ method }) => (method === "eth_getLogs" ? 400 : 0),
  });
  const { indexer } = await start([slow.url], { reorgWindowBlocks: 8 });
  const last = await head();
  await waitFor(async () => (await indexer.health()).syncedBlock === last, { within: 30_000, what: "the backfill is through" });
  const ranges = slow.requests.filter(({ method }) => method === "eth_getLogs").map(({ params }) => params[0]?.fromBlock);
  expect(latest).toBeLessThan(ranges.length);
  expect(new Set(ranges).size).toBe(ranges.length);
});

test("a node that leaves block times out of its logs is asked for the blocks", async () => {
  const bare = await proxy({
    after: (request, answer) =>
      request.method === "eth_getLogs" && Array.isArray(answer.result)
        ? { ...answer, result: answer.result.map(({ blockTimestamp, ...log }) => log) }
        : answer,
  });
  const { indexer, schema } = await start([bare.url]);
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
  const [wrong] = await schema.query<{ n: number }>("SELECT count(*)::int n FROM logs WHERE block_timestamp < 1600000000");
  expect(wrong?.n).toBe(0);
});

test("a node behind the others, which answers ranges with silence, loses no event", async () => {
  const lagging = await proxy({
    after: (request, answer) => (request.method === "eth_getLogs" && request.params[0]?.fromBlock ? { ...answer, result: [] } : answer),
  });
  const { indexer, schema } = await start([lagging.url], { reorgWindowBlocks: 5_000 });
  await indexer.synced(await head());
  expect(await expectEqualToChain(chain, schema, contracts())).toBeGreaterThan(1_000);
});

test.each([
  ["further than the kept hashes reach", 400],
  ["further than anything stored reaches", 0],
])("a node that falls behind, %s, takes no row away: it is told as behind, and the rows go on once it has caught up", async (_, last) => {
  let behind = false;
  const lagging = await proxy({
    intercept: (request) => {
      const params: unknown[] = request.params;
      if (!behind) return null;
      if (request.method === "eth_blockNumber") return { result: `0x${last.toString(16)}` };
      if (request.method === "eth_getBlockByNumber" && params[0] === "latest") params[0] = `0x${last.toString(16)}`;
      return request.method === "eth_getBlockByNumber" && Number(params[0]) > last ? { result: null } : null;
    },
  });
  const { indexer, schema } = await start([lagging.url], { reorgWindowBlocks: 50 });
  await indexer.synced(await head());
  const stored =
    "SELECT (SELECT count(*)::int FROM logs) logs, (SELECT count(*)::int FROM _blocks) blocks, block_number, block_hash FROM _sync";
  const before = await schema.query(stored);
  behind = true;
  const told = await waitFor(async () => ((await indexer.health()).message?.startsWith("behind") ? indexer.health() : null), {
    what: "told as behind",
  });
  expect(told).toMatchObject({ status: "degraded", headBlock: last, syncedBlock: await head() });
  // Several looks at the chain later it has still not given up waiting.
  const asked = lagging.requests.length;
  await waitFor(() => lagging.requests.length > asked + 10, { what: "more looks" });
  expect(await schema.query(stored)).toEqual(before);
  behind = false;
  await shapes.emitMany(4);
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
  expect(await (await indexer.get("/metrics")).text()).toMatch(/indexer_reorganizations_total 0/);
});

test("a failed node is left for the next one and preferred again once it recovers", async () => {
  let broken = false;
  const preferred = await proxy({ status: () => (broken ? 503 : null) });
  const spare = await proxy({});
  const { indexer, schema } = await start([preferred.url, spare.url]);
  await indexer.synced(await head());
  expect(spare.requests.length).toBe(0);
  broken = true;
  await shapes.emitMany(4);
  await indexer.synced(await head());
  expect(spare.requests.length).toBeGreaterThan(0);
  expect((await indexer.health()).status).toBe("healthy");
  broken = false;
  const before = preferred.requests.length;
  await waitFor(() => preferred.requests.length > before + 5, { within: 20_000, what: "the preferred node is asked again" });
  await shapes.emitMany(4);
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
});

test("while every node is away it is degraded with a reason that shows no credentials, and goes on when one is back", async () => {
  let broken = true;
  const only = await proxy({ status: () => (broken ? 502 : null) });
  const { indexer, schema } = await start([`${only.url.replace("http://", "http://user:secret@")}/v1/api-key-1234?key=hidden`]);
  await indexer.ready();
  const degraded = await waitFor(async () => ((await indexer.health()).message?.includes("502") ? indexer.health() : null), {
    what: "degraded",
  });
  expect(degraded).toMatchObject({ status: "degraded", message: expect.stringContaining("502") });
  expect((await indexer.get("/ready")).status).toBe(200);
  expect(JSON.stringify([degraded, indexer.lines, indexer.stderr])).not.toMatch(/secret|api-key|hidden/);
  broken = false;
  await indexer.synced(await head());
  await expectEqualToChain(chain, schema, contracts());
});

test("rate limits are waited out", async () => {
  let allowed = 3;
  const timer = setInterval(() => (allowed = 12), 500);
  const limited = await proxy({
    intercept: () => (allowed-- > 0 ? null : { error: { code: 429, message: "Too Many Requests: compute units per second exceeded" } }),
  });
  const { indexer, schema } = await start([limited.url], { reorgWindowBlocks: 8 });
  await indexer.synced(await head(), 55_000).finally(() => clearInterval(timer));
  await expectEqualToChain(chain, schema, contracts());
});

test("a node of another chain is passed over while another serves the right one", async () => {
  const other = await proxy({ intercept: ({ method }) => (method === "eth_chainId" ? { result: "0x1" } : null) });
  const { indexer } = await start([other.url, chain.rpcUrl]);
  await indexer.synced(await head());
  expect(other.requests.every(({ method }) => method === "eth_chainId")).toBe(true);
});

test("a private RPC address is refused with the remedy where private targets aren't allowed", async () => {
  const { indexer } = await start([chain.rpcUrl], { allowPrivateTargets: false });
  const health = await waitFor(async () => ((await indexer.health()).message?.includes("loopback") ? indexer.health() : null), {
    what: "degraded",
  });
  expect(health.message).toMatch(/127\.0\.0\.1: a loopback address; use a public address, or let the operator allow private targets/);
});
