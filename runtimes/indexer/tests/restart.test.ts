import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
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
  // Enough blocks for many chunks, few enough events for a busy machine.
  for (let i = 0; i < 120; i++) await shapes.emitMany(50);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((indexer) => indexer.stop("SIGKILL")));
});
afterAll(async () => {
  await Promise.all([chain?.stop(), database?.stop()]);
});

describe("restarts and rivals", () => {
  test("kill -9 in the middle of a backfill, several times: rows equal the chain, nothing twice, and each start goes on where the last one stood", async () => {
    const schema = await database.schema();
    let synced = -1;
    for (let kill = 0; kill < 4; kill++) {
      const indexer = start({ database: schema });
      await waitFor(async () => ((await indexer.health()).syncedBlock ?? -1) > synced, { every: 2, what: "some progress" });
      synced = (await indexer.health()).syncedBlock ?? -1;
      await indexer.stop("SIGKILL");
    }
    const indexer = start({ database: schema });
    await indexer.ready();
    await waitFor(async () => (await indexer.health()).syncedBlock !== null, { every: 2, what: "the cursor is read" });
    expect((await indexer.health()).syncedBlock).toBeGreaterThanOrEqual(synced);
    await indexer.synced(await head());
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
  });

  test("of two started by force the older is fenced out: it writes nothing more and ends with 77", async () => {
    const schema = await database.schema();
    const older = start({ database: schema });
    await older.synced(await head());
    const newer = start({ database: schema, epoch: 1 });
    expect(await older.exited).toBe(77);
    expect(older.lines.at(-1)).toMatchObject({ level: "error", exitCode: 77 });
    await shapes.emitMany(5);
    await newer.synced(await head());
    // One with a lower epoch never gets in, and leaves the holder alone.
    await schema.query("UPDATE _lease SET epoch = 5");
    expect(await newer.exited).toBe(77);
    const stale = start({ database: schema, epoch: 4 });
    expect(await stale.exited).toBe(77);
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
  });

  test("an instance frozen in the middle of its work and woken beside its successor writes nothing and ends with 77", async () => {
    const schema = await database.schema();
    const frozen = start({ database: schema });
    await waitFor(async () => ((await frozen.health()).syncedBlock ?? -1) > 0, { every: 1, what: "some progress" });
    frozen.child.kill("SIGSTOP");
    const successor = start({ database: schema, epoch: 2 });
    await successor.ready();
    await successor.synced(await head());
    await shapes.emitMany(10);
    await successor.synced(await head());
    frozen.child.kill("SIGCONT");
    expect(await frozen.exited).toBe(77);
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
  });

  test("tables of an older layout are made anew and filled from the start block on, under the lease", async () => {
    const schema = await database.schema();
    const first = start({ database: schema });
    await first.synced(await head());
    await first.stop();
    await schema.query(`ALTER TABLE _sync DROP COLUMN layout; ALTER TABLE logs ALTER address TYPE text; ALTER TABLE _sync DROP COLUMN undecoded;
      ALTER TABLE empty RENAME TO unknown; DROP TABLE _blocks; UPDATE logs SET block_number = block_number + 1000000`);
    const stale = start({ database: schema, epoch: 0 });
    expect(await stale.exited).toBe(77);
    const second = start({ database: schema });
    await second.synced(await head());
    expect(second.lines.find(({ msg }) => msg.includes("older layout"))).toMatchObject({ level: "warn", stored: 1 });
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
    const tables = await schema.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = $1", [schema.schema]);
    expect(tables.map(({ name }) => name)).not.toContain("unknown");
    const again = start({ database: schema });
    await again.synced(await head());
    expect(again.lines.find(({ msg }) => msg.includes("older layout"))).toBeUndefined();
  });

  test("tables of a newer layout are left as they are: the program ends with 78 and says that a newer one owns them", async () => {
    const schema = await database.schema();
    const first = start({ database: schema });
    await first.synced(await head());
    await first.stop();
    await schema.query("UPDATE _sync SET layout = 9; ALTER TABLE empty RENAME TO unknown; DROP TABLE _blocks");
    const state = async () => [
      await schema.query("SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", [schema.schema]),
      await schema.query("SELECT (SELECT count(*)::int FROM logs) AS logs, * FROM _sync"),
    ];
    const before = await state();
    const older = start({ database: schema, epoch: 2 });
    expect(await older.exited).toBe(78);
    expect(older.lines.at(-1)).toMatchObject({
      level: "error",
      exitCode: 78,
      msg: expect.stringContaining("a newer program owns these tables: their layout is 9"),
    });
    expect(await state()).toEqual(before);
  });

  test("the lifeline's end and SIGTERM stop it with 0", async () => {
    const first = start({ database: await database.schema() });
    await first.ready();
    first.child.stdin?.end();
    expect(await first.exited).toBe(0);
    const second = start({ database: await database.schema() });
    await waitFor(async () => ((await second.health()).syncedBlock ?? -1) > 0, { every: 2, what: "some progress" });
    const asked = performance.now();
    expect(await second.stop("SIGTERM")).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5_000);
  });

  test("sessions ended by the database are opened again, and nothing is lost or doubled", async () => {
    const schema = await database.schema();
    const indexer = start({ database: schema });
    await indexer.ready();
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await schema.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [schema.schema]);
    }
    await shapes.emitMany(10);
    await indexer.synced(await head());
    await expectEqualToChain(chain, schema, [{ address: shapes.address, abi: shapes.abi }]);
    expect((await indexer.get("/rest/logs?limit=1")).status).toBe(200);
  });

  test("a configuration that can't work ends with 64, and the last line says which field is wrong", async () => {
    const schema = await database.schema();
    const good = launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts: [{ address: shapes.address, abi: shapes.abi }] });
    const cases: [unknown, RegExp][] = [
      ["nonsense\n", /not JSON/],
      [{ ...good, protocol: 2 }, /protocol/],
      [{ ...good, config: { ...good.config, contracts: [] } }, /config\.contracts: name at least one contract/],
      [
        { ...good, config: { ...good.config, contracts: [{ address: "0x1", abi: [] }] } },
        /config\.contracts\.0\.address: expected 0x and 40/,
      ],
      [
        { ...good, config: { ...good.config, contracts: [{ address: shapes.address, abi: [{ type: "function" }] }] } },
        /no ABI declares an event/,
      ],
      [
        {
          ...good,
          config: {
            ...good.config,
            contracts: [{ address: shapes.address, abi: [{ type: "event", name: "Bad", inputs: [{ type: "uint7" }] }] }],
          },
        },
        /event Bad: uint7 is no ABI type/,
      ],
      [{ ...good, config: { ...good.config, chainId: 5 } }, /config\.chainId is 5, but http:\/\/127\.0\.0\.1:\d+ serves chain 31337/],
    ];
    for (const [document, message] of cases) {
      const indexer = new RunningIndexer(document);
      running.push(indexer);
      expect(await indexer.exited).toBe(64);
      expect(indexer.lines.at(-1)?.msg).toMatch(message);
    }
    const other = start({ database: schema, contracts: [{ address: shapes.address, abi: shapes.abi, startBlock: 7 }] });
    expect(await other.exited).toBe(64);
    expect(other.lines.at(-1)?.msg).toMatch(/chain 5|config\.contracts differ/);
  });
});
