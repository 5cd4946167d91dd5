import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { type Hex, toEventSelector } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { type LaunchOptions, launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
const running: RunningIndexer[] = [];

const start = (options: Partial<LaunchOptions> & Pick<LaunchOptions, "database">) => {
  const indexer = new RunningIndexer(
    launchDocument({ rpcUrls: [chain.rpcUrl], contracts: [{ address: shapes.address, abi: shapes.abi }], ...options }),
  );
  running.push(indexer);
  return indexer;
};
const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({ args: ["--gas-limit", "500000000"] })]);
  shapes = await deployShapes(chain);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((indexer) => indexer.stop("SIGKILL")));
});
afterAll(async () => {
  await Promise.all([chain?.stop(), database?.stop()]);
});

describe("backfill", () => {
  test("rows equal the chain after a backfill, for every shape of event and hostile texts", async () => {
    await shapes.emitMany(500);
    for (const text of [
      "plain",
      "",
      "tab\there\nnew\\line\r",
      "nul\0inside",
      "ünïcødé 🦉",
      "\\N",
      `{"json": "\\u0000"}`,
      "x".repeat(10_000),
    ])
      await shapes.emitEach(text, -(2n ** 255n));
    await chain.client.mine({ blocks: 40 });
    await shapes.emitMany(300);
    const schema = await database.schema();
    const indexer = start({ database: schema });
    await indexer.synced(await head());
    expect(await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }])).toBeGreaterThan(800);
    const live = await head();
    await shapes.emitEach("while following");
    await indexer.synced(live + 1);
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
    expect(indexer.stderr).toBe("");
  });

  test("a log that no event of the ABI fits is kept raw and counted", async () => {
    const abi = shapes.abi.filter((item) => item.type === "event" && (item.name === "Empty" || item.name === "Unnamed"));
    // Declared with another layout than the contract emits: same signature, other indexed flags.
    const wrong = {
      type: "event",
      name: "Everything",
      inputs: shapes.abi
        .flatMap((item) => (item.type === "event" && item.name === "Everything" ? item.inputs : []))
        .map((input) => ({ ...input, indexed: false })),
    };
    const contracts = [{ address: shapes.address, abi: [...abi, wrong] }];
    const schema = await database.schema();
    const indexer = start({ database: schema, contracts });
    await indexer.synced(await head());
    const decoded = ["Empty()", "Unnamed(uint256,address,uint256)"].map((signature) => toEventSelector(signature));
    await expectEqualToChain(chain, schema, contracts, ({ topics }) => !decoded.includes(topics[0] as Hex));
    const [counts] = await schema.query<{ raw: number; undecoded: number; everything: number }>(
      "SELECT count(*)::int raw, count(*) FILTER (WHERE event_table IS NULL)::int undecoded, (SELECT count(*)::int FROM everything) everything FROM logs",
    );
    expect(counts?.everything).toBe(0);
    expect(counts?.undecoded).toBeGreaterThan(800);
    expect(await (await indexer.get("/metrics")).text()).toContain(`indexer_undecoded_logs ${counts?.undecoded}`);
  });

  test("two contracts share the table of an event, each from its own start block", async () => {
    const second = await deployShapes(chain);
    await second.emitMany(3);
    const startBlock = await head();
    await second.emitMany(5);
    await second.emitEach();
    const schema = await database.schema();
    const contracts = [
      { address: shapes.address, abi: shapes.abi, startBlock: 3 },
      { address: second.address, abi: second.abi, startBlock: startBlock + 1 },
    ];
    const indexer = start({ database: schema, contracts });
    await indexer.synced(await head());
    await expectEqualToChain(chain, schema, contracts);
    const addresses = await schema.query<{ address: string; n: number }>(
      "SELECT '0x' || encode(address, 'hex') AS address, count(*)::int n FROM logs GROUP BY 1 ORDER BY 2",
    );
    expect(addresses[0]).toEqual({ address: second.address.toLowerCase(), n: 11 });
    // A start block the chain hasn't reached is nothing wrong.
    const later = start({
      database: await database.schema(),
      contracts: [{ address: second.address, abi: second.abi, startBlock: 1_000_000 }],
    });
    await waitFor(async () => (await later.health()).status === "healthy", { what: "healthy before the start block" });
    expect(await later.health()).toMatchObject({ syncedBlock: null, lagBlocks: null });
  });
});
