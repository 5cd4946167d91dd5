import { egressAgent } from "@obelisk/egress";
import { FreezingProxy } from "@obelisk/testing/freezing-proxy";
import { startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Reader } from "../src/api/database.ts";
import { healthOf } from "../src/api/health.ts";
import type { Problem } from "../src/api/problem.ts";
import { Chain } from "../src/chain/chain.ts";
import { Failover } from "../src/chain/failover.ts";
import { newLease } from "../src/lease.ts";
import { CopyRows } from "../src/store/copy-rows.ts";
import { WriterSession } from "../src/store/session.ts";
import { Store } from "../src/store/store.ts";
import { tablesOf } from "../src/store/tables.ts";
import { Follower } from "../src/sync/follow.ts";
import { Progress } from "../src/sync/progress.ts";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes } from "./event-shapes.ts";
import { launchDocument, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

let database: RuntimeDatabase;
let schema: RuntimeSchema;
let session: WriterSession;
let proxy: FreezingProxy;
const silenceMs = 1_000;

/** The frozen connections are gone for good; new ones work. */
function mend(): void {
  proxy.cut();
  proxy.mend();
}

beforeAll(async () => {
  database = await startRuntimeDatabase();
  schema = await database.schema();
  proxy = await FreezingProxy.start(schema.url);
  session = new WriterSession({ url: proxy.through(schema.url), schema: schema.schema }, newLease(1), { silence: silenceMs });
  await session.transaction((client) => client.query("CREATE TABLE a (n bytea); CREATE TABLE b (n integer)"));
});
afterAll(async () => {
  session?.close();
  proxy?.close();
  await database?.stop();
});

const select = () => session.run(async (client) => (await client.query("SELECT 1 AS one")).rows);
const timed = async (work: Promise<unknown>) => {
  const started = performance.now();
  const error = await work.then(
    () => null,
    (failure: Error) => failure,
  );
  return { error, took: performance.now() - started };
};

test.each([
  ["a statement", select],
  ["a transaction", () => session.transaction((client) => client.query("INSERT INTO b VALUES (1)"))],
  [
    "a copy of more rows than the sockets hold",
    () => session.copy([{ table: "a", rows: Buffer.alloc(32 * 1024 * 1024) }], "UPDATE b SET n = 1"),
  ],
])("%s over a connection that froze fails with the reason within its time, and the next one goes on", async (_, work) => {
  expect(await select()).toEqual([{ one: 1 }]);
  proxy.freeze();
  const { error, took } = await timed(work());
  expect(error?.message).toBe("the database has been silent for 1 s");
  expect(took).toBeGreaterThan(silenceMs - 50);
  expect(took).toBeLessThan(silenceMs * 4);
  mend();
  expect(await select()).toEqual([{ one: 1 }]);
  expect(await schema.query("SELECT (SELECT count(*)::int FROM a) a, (SELECT count(*)::int FROM b) b")).toEqual([{ a: 0, b: 0 }]);
});

test("what froze in the middle of a copy holds nothing once the next connection stands, though nobody told PostgreSQL", async () => {
  await select();
  const rows = new CopyRows(0);
  rows.row(1);
  rows.hex(Buffer.alloc(8 * 1024 * 1024), 0, 8 * 1024 * 1024);
  proxy.freezeBehind(1024 * 1024);
  const copied = await timed(session.copy([{ table: "a", rows: rows.finish() }], "UPDATE b SET n = 1"));
  expect(copied.error?.message).toBe("the database has been silent for 1 s");
  const writers = () =>
    schema.query<{ state: string }>("SELECT state FROM pg_stat_activity WHERE application_name LIKE 'indexer-writer:%' ORDER BY state");
  expect(await writers()).toEqual([{ state: "active" }]);
  proxy.mend();
  expect(await select()).toEqual([{ one: 1 }]);
  await waitFor(async () => (await writers()).length === 1, { within: 5_000, what: "the frozen session is ended" });
  expect(await schema.query("SELECT 1 FROM pg_locks WHERE relation = 'a'::regclass")).toEqual([]);
});

test("PostgreSQL asks after the other end of a session's connection", async () => {
  const { rows } = await session.run((client) => client.query("SELECT current_setting('tcp_keepalives_idle') AS idle"));
  expect(rows).toEqual([{ idle: "10" }]);
});

describe("queries", () => {
  let reader: Reader;
  const one = () => reader.snapshot((ask) => ask({ text: "SELECT 1 AS one", values: [] }));

  beforeAll(async () => {
    await schema.query(`CREATE TABLE _sync AS SELECT 7 AS block_number, '0x' AS block_hash; GRANT SELECT ON _sync TO ${schema.schema}`);
    reader = new Reader({ url: proxy.through(schema.url), schema: schema.schema }, silenceMs);
  });
  afterAll(async () => {
    mend();
    await reader.close();
    await schema.query("DROP TABLE _sync");
  });

  test("a query over a connection that froze is refused within its time, and the next one goes on", async () => {
    expect(await one()).toEqual([{ one: 1 }]);
    proxy.freeze();
    // More than there are sessions: those that wait for one get it.
    const refusals = await Promise.all(Array.from({ length: 4 }, () => timed(one())));
    for (const { error, took } of refusals) {
      expect(error).toMatchObject({ status: 503, code: "database_unavailable" });
      expect(took).toBeLessThan(8_000);
    }
    mend();
    expect(await one()).toEqual([{ one: 1 }]);
  });

  test("a database that falls silent in the middle of ten statements refuses them all within the time of one", async () => {
    const asked = reader.snapshot(async (ask) => {
      proxy.freeze();
      const rows = await Promise.allSettled(Array.from({ length: 10 }, () => ask({ text: "SELECT 1", values: [] })));
      const reasons = rows.map((row) => (row as PromiseRejectedResult).reason as Problem);
      expect(reasons.map(({ code }) => code)).toEqual(Array(10).fill("database_unavailable"));
      throw reasons[9];
    });
    const { error, took } = await timed(asked);
    expect(error).toMatchObject({ status: 503, code: "database_unavailable" });
    expect(took).toBeLessThan(silenceMs * 2);
    mend();
    expect(await one()).toEqual([{ one: 1 }]);
  });

  test("a connection that breaks in the middle of a statement is no more than a refusal", async () => {
    const cut = reader.snapshot((ask) => {
      setTimeout(() => proxy.cut(), 50);
      return ask({ text: "SELECT pg_sleep(0.5)", values: [] });
    });
    await expect(cut).rejects.toMatchObject({ status: 503, code: "database_unavailable" });
    expect(await one()).toEqual([{ one: 1 }]);
  });
});

test("a connection at rest is kept, however long nothing was asked", async () => {
  const id = () => session.run(async (client) => (await client.query("SELECT pg_backend_pid() AS id")).rows);
  const before = await id();
  await new Promise((resolve) => setTimeout(resolve, silenceMs * 1.5));
  expect(await id()).toEqual(before);
});

test("work that asks for a longer silence gets it", async () => {
  const sleep = () => session.run((client) => client.query("SELECT pg_sleep(1.5)"), 10_000);
  expect((await timed(sleep())).error).toBeNull();
  const hurried = await timed(session.run((client) => client.query("SELECT pg_sleep(1.5)")));
  expect(hurried.error?.message).toBe("the database has been silent for 1 s");
});

test("a database that froze turns health to degraded with the reason, and once it answers again the rows equal the chain", async () => {
  const chain = await startLocalChain();
  const stopping = new AbortController();
  try {
    const shapes = await deployShapes(chain);
    const contracts = [{ address: shapes.address.toLowerCase(), abi: shapes.abi as unknown as { type: string }[], startBlock: 0 }];
    const { config } = launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts });
    const progress = new Progress();
    const store = new Store(session, tablesOf(contracts), 1_000);
    const indexerConfig = { ...config, contracts, reorgWindowBlocks: 1_000 };
    await store.prepare(indexerConfig);
    const rpc = new Failover(config.rpcUrls, egressAgent({ allowPrivateTargets: true, connections: 8 }), config.chainId, () => undefined);
    const follower = new Follower(
      { config: indexerConfig, chain: new Chain(rpc), store, progress, onWrite: () => undefined },
      stopping.signal,
    ).run();
    const synced = async () => {
      const head = Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
      return healthOf(progress).status === "healthy" && progress.syncedBlock === head;
    };
    // Building the indexes may be silent for longer, so it has to be over.
    const built = async () => (await schema.query<{ built: boolean }>("SELECT indexes_built AS built FROM _sync"))[0]?.built;
    await waitFor(async () => (await synced()) && (await built()), { what: "synced, with indexes" });
    proxy.freeze();
    await shapes.emitMany(5);
    const degraded = await waitFor(() => (healthOf(progress).status === "degraded" ? healthOf(progress) : null), { what: "degraded" });
    expect(degraded.message).toBe("the database has been silent for 1 s");
    await shapes.emitMany(5);
    mend();
    await waitFor(synced, { within: 20_000, what: "synced again" });
    await expectEqualToChain(chain, schema, contracts);
    stopping.abort();
    await follower;
  } finally {
    stopping.abort();
    await chain.stop();
  }
});
