import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
let indexer: RunningIndexer | undefined;

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({ args: ["--gas-limit", "500000000"] })]);
  shapes = await deployShapes(chain);
  for (let block = 0; block < 20; block++) await shapes.emitMany(200);
});
afterAll(async () => {
  await indexer?.stop("SIGKILL");
  await Promise.all([chain?.stop(), database?.stop()]);
});

const head = async () => Number(await chain.client.getBlockNumber({ cacheTime: 0 }));

test("at its storage limit an indexer reads no further, says so, answers, undoes reorganizations, and goes on under a higher one", async () => {
  const schema = await database.schema();
  const contracts = [{ address: shapes.address, abi: shapes.abi }];
  const start = (maxStorageBytes: number) => {
    indexer = new RunningIndexer(launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts, maxStorageBytes }));
    return indexer;
  };
  const storedBytes = async () =>
    Number(
      (
        await schema.query<{ bytes: string }>(
          "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
        )
      )[0]?.bytes,
    );
  const empty = start(1);
  const full = async (of: RunningIndexer) =>
    waitFor(async () => ((await of.health()).message?.startsWith("the storage limit is reached") ? of.health() : null), {
      what: `full; ${of.log()}`,
    });
  expect((await full(empty)).syncedBlock).toBeNull();
  const indexed = async () => (await schema.query<{ built: boolean }>("SELECT indexes_built AS built FROM _sync"))[0]?.built;
  expect(await indexed()).toBe(false);
  await empty.stop();

  const bounded = start((await storedBytes()) + 600_000);
  const told = await full(bounded);
  expect(told).toMatchObject({ status: "degraded", message: expect.stringMatching(/RUNTIME_MAX_STORAGE allows \d+ MiB/) });
  const reached = told.syncedBlock as number;
  await waitFor(indexed, { what: "what there is has its indexes" });
  expect(reached).toBeLessThan(await head());
  await shapes.emitMany(200);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await bounded.health()).syncedBlock).toBe(reached);
  const { data } = await bounded.json<{ data: unknown[] }>("/rest/logs?limit=1");
  expect(data.length).toBe(1);
  await chain.client.request({ method: "anvil_reorg" as never, params: [(await head()) - reached + 2, []] as never });
  await waitFor(async () => ((await bounded.health()).syncedBlock ?? 0) < reached, { what: "the reorganization is undone" });
  await bounded.stop();

  await start(1024 ** 3).synced(await head());
  await expectEqualToChain(chain, schema, contracts);
});
