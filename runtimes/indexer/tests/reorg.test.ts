import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { launchDocument, RunningIndexer, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
let schema: RuntimeSchema;
const running: RunningIndexer[] = [];

const contracts = () => [{ address: shapes.address, abi: shapes.abi }];
const start = (reorgWindowBlocks?: number) => {
  const indexer = new RunningIndexer(
    launchDocument({
      database: schema,
      rpcUrls: [chain.rpcUrl],
      contracts: contracts(),
      ...(reorgWindowBlocks ? { reorgWindowBlocks } : {}),
    }),
  );
  running.push(indexer);
  return indexer;
};
const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
const tip = async () => (await chain.client.getBlock({ blockTag: "latest" })).hash;

/** Waits until the indexer stands on the chain's very last block, by hash. */
const caughtUp = async (indexer: RunningIndexer) => {
  await indexer.ready();
  await waitFor(
    async () => {
      if (indexer.child.exitCode !== null) throw new Error(`the indexer ended: ${indexer.log()}`);
      const [sync] = await schema.query<{ block_hash: string }>("SELECT block_hash FROM _sync");
      return sync?.block_hash === (await tip());
    },
    { within: 20_000, what: `caught up by hash; ${indexer.log()}` },
  );
};

/** Replaces the last blocks by as many empty ones, which take the events in them off the chain. */
const reorganize = async (depth: number) => {
  await chain.client.request({ method: "anvil_reorg" as never, params: [depth, []] as never });
};

beforeAll(async () => {
  database = await startRuntimeDatabase();
});
beforeEach(async () => {
  chain = await startLocalChain({ args: ["--gas-limit", "500000000"] });
  shapes = await deployShapes(chain);
  schema = await database.schema();
  for (let i = 0; i < 45; i++) await shapes.emitMany(3);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((indexer) => indexer.stop("SIGKILL")));
  await chain.stop();
});
afterAll(async () => {
  await database.stop();
});

test.each([1, 5, 30])("after a reorganization of depth %i the rows equal the chain", async (depth) => {
  const indexer = start();
  await caughtUp(indexer);
  const before = await expectEqualToChain(chain, schema, contracts());
  await reorganize(depth);
  await caughtUp(indexer);
  expect(await expectEqualToChain(chain, schema, contracts())).toBe(before - depth * 3);
  await shapes.emitEach("on the new branch");
  await reorganize(1);
  await shapes.emitMany(7);
  await caughtUp(indexer);
  await expectEqualToChain(chain, schema, contracts());
  const [blocks] = await schema.query<{ n: number }>(
    "SELECT count(*)::int n FROM _blocks b WHERE number > (SELECT block_number FROM _sync)",
  );
  expect(blocks?.n).toBe(0);
  expect(await (await indexer.get("/metrics")).text()).toMatch(/indexer_reorganizations_total [1-9]/);
});

test("a reorganization while it was stopped is undone at the start", async () => {
  const first = start();
  await caughtUp(first);
  await first.stop();
  await reorganize(10);
  await shapes.emitMany(4);
  await caughtUp(start());
  await expectEqualToChain(chain, schema, contracts());
});

test("reorganizations in the middle of a backfill leave the rows equal to the chain", async () => {
  for (let i = 0; i < 40; i++) await shapes.emitMany(300);
  const indexer = start();
  for (let i = 0; i < 12; i++) {
    await reorganize(1 + (i % 5) * 3);
    await shapes.emitMany(20);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  await caughtUp(indexer);
  await expectEqualToChain(chain, schema, contracts());
});

test("a chain that became shorter is behind, since lagging nodes look the same, until its next block takes the abandoned rows along", async () => {
  const indexer = start();
  await caughtUp(indexer);
  const before = await expectEqualToChain(chain, schema, contracts());
  await chain.client.request({ method: "anvil_rollback" as never, params: [7] as never });
  const behind = await waitFor(async () => ((await indexer.health()).status === "degraded" ? indexer.health() : null), { what: "behind" });
  expect(behind.message).toMatch(/^behind: the RPC's last block is \d+, the rows reach block \d+/);
  expect(await schema.query("SELECT count(*)::int n FROM logs")).toEqual([{ n: before }]);
  await shapes.emitMany(2);
  await caughtUp(indexer);
  expect((await indexer.health()).status).toBe("healthy");
  expect(await expectEqualToChain(chain, schema, contracts())).toBe(before - 7 * 3 + 2);
  await shapes.emitMany(2);
  await caughtUp(indexer);
  await expectEqualToChain(chain, schema, contracts());
});

test("a reorganization deeper than the kept window goes back to the last safe block and says so", async () => {
  const indexer = start(10);
  await caughtUp(indexer);
  const [kept] = await schema.query<{ n: number }>("SELECT count(*)::int n FROM _blocks");
  expect(kept?.n).toBeLessThan(25);
  await reorganize(40);
  await caughtUp(indexer);
  await expectEqualToChain(chain, schema, contracts());
  expect(indexer.lines.find(({ level, msg }) => level === "error" && msg.includes("deeper than the kept window"))).toBeDefined();
  await shapes.emitMany(2);
  await caughtUp(indexer);
  expect(await head()).toBeGreaterThan(40);
  await expectEqualToChain(chain, schema, contracts());
});

test("a chain that was reset ends the program with 64", async () => {
  const indexer = start();
  await caughtUp(indexer);
  const port = Number(new URL(chain.rpcUrl).port);
  await chain.stop();
  await waitFor(async () => (await indexer.health()).status === "degraded", { what: "degraded while the chain is away" });
  expect((await indexer.health()).message).toMatch(/unreachable|refused|closed/i);
  chain = await startLocalChain({ port });
  await chain.client.mine({ blocks: 5 });
  expect(await indexer.exited).toBe(64);
  expect(indexer.lines.at(-1)?.msg).toMatch(/the chain was reset/);
});
