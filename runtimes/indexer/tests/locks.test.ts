import { egressAgent } from "@obelisk/egress";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import type { ClientBase } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Chain } from "../src/chain/chain.ts";
import { Failover } from "../src/chain/failover.ts";
import { Outdated } from "../src/exit.ts";
import type { IndexerConfig } from "../src/launch.ts";
import { newLease } from "../src/lease.ts";
import { CopyRows } from "../src/store/copy-rows.ts";
import type { TableRows } from "../src/store/copy-transaction.ts";
import { type SessionTimes, WriterSession } from "../src/store/session.ts";
import { Store } from "../src/store/store.ts";
import { tablesOf } from "../src/store/tables.ts";
import { Follower } from "../src/sync/follow.ts";
import { Progress } from "../src/sync/progress.ts";
import { expectEqualToChain } from "./equal-to-chain.ts";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { launchDocument, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

/** PostgreSQL's lock table has room for some 6,400 by default. */
const fewLocks = 400;

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({})]);
  shapes = await deployShapes(chain);
});
afterAll(async () => {
  await Promise.all([chain?.stop(), database?.stop()]);
});

/** Counts the locks each transaction holds at its end, and fails on request in the middle of the work. */
class CountingSession extends WriterSession {
  readonly locks: number[] = [];
  failAfter = Number.POSITIVE_INFINITY;

  override async transaction<T>(work: (client: ClientBase) => Promise<T>, longestSilenceMs?: number): Promise<T> {
    return super.transaction(async (client) => {
      const value = await work(client);
      const { rows } = await client.query("SELECT count(*)::int AS n FROM pg_locks WHERE pid = pg_backend_pid()");
      this.locks.push(rows[0].n);
      if (this.locks.length > this.failAfter) throw new Error("the database went away");
      return value;
    }, longestSilenceMs);
  }

  override async copy(copies: readonly TableRows[], statements: string): Promise<void> {
    const counted = `INSERT INTO _locks SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()`;
    await super.copy(copies, `${statements};\n${counted}`);
  }
}

/** The contract's own events and as many besides as make this number. */
function abiOf(events: number): { type: string }[] {
  const own = shapes.abi.filter(({ type }) => type === "event");
  const others = Array.from({ length: events - own.length }, (_, at) => ({
    type: "event",
    name: `Other${at}`,
    inputs: ["a", "b", "c", "d"].map((name, position) => ({ name, type: position < 3 ? "address" : "string", indexed: position < 3 })),
  }));
  return [...own, ...others];
}

function storeOf(schema: RuntimeSchema, abi: { type: string }[], times: Partial<SessionTimes> = {}) {
  const contracts = [{ address: shapes.address.toLowerCase(), abi, startBlock: 0 }];
  const config = { ...launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts }).config, reorgWindowBlocks: 1_000 };
  const session = new CountingSession({ url: schema.url, schema: schema.schema }, newLease(1), times);
  const tables = tablesOf(contracts);
  return { config: config as IndexerConfig, session, tables, store: new Store(session, tables, 1_000), contracts };
}

test("a deployment of 500 events takes few locks at a time: as it starts, follows, builds its indexes and undoes a reorganization", async () => {
  const schema = await database.schema();
  const { config, session, tables, store, contracts } = storeOf(schema, abiOf(500));
  const most = { prepare: 0, follow: 0, reorganization: 0, copy: 0, dropping: 0 };
  const peak = () => Math.max(...session.locks.splice(0));
  await store.prepare(config);
  most.prepare = peak();
  await schema.query(`CREATE TABLE _locks (n int); ALTER TABLE _locks OWNER TO ${schema.schema}`);

  for (let i = 0; i < 3; i++) await shapes.emitEach();
  const stopping = new AbortController();
  const progress = new Progress();
  const rpc = new Failover(config.rpcUrls, egressAgent({ allowPrivateTargets: true, connections: 2 }), config.chainId, () => undefined);
  const following = new Follower({ config, chain: new Chain(rpc), store, progress, onWrite: () => undefined }, stopping.signal).run();
  const caughtUp = async () => {
    const { hash } = await chain.client.getBlock({ blockTag: "latest" });
    const [sync] = await schema.query<{ block_hash: string; indexes_built: boolean }>("SELECT block_hash, indexes_built FROM _sync");
    return sync?.block_hash === hash && sync.indexes_built;
  };
  await waitFor(caughtUp, { within: 30_000, what: `caught up; ${progress.problem}` });
  most.follow = peak();
  expect(await expectEqualToChain(chain, schema, contracts)).toBeGreaterThanOrEqual(18);
  const [built] = await schema.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM pg_indexes WHERE schemaname = $1 AND indexname LIKE '\\_ix\\_%'",
    [schema.schema],
  );
  const indexed = [tables.raw, ...tables.events].flatMap(({ columns }) => columns.filter((column) => column.indexed));
  expect(built?.n).toBe(indexed.length + tables.events.length + 1);

  await chain.client.request({ method: "anvil_reorg" as never, params: [3, []] as never });
  await waitFor(async () => progress.reorganizations === 1 && (await caughtUp()), { within: 30_000, what: `undone; ${progress.problem}` });
  most.reorganization = peak();
  await shapes.emitEach("on the new branch");
  await waitFor(caughtUp, { within: 30_000, what: `caught up again; ${progress.problem}` });
  expect(await expectEqualToChain(chain, schema, contracts)).toBe(6);
  stopping.abort();
  await following;
  most.copy = (await schema.query<{ n: number }>("SELECT max(n) AS n FROM _locks"))[0]?.n ?? 0;

  session.locks.length = 0;
  await schema.query("UPDATE _sync SET layout = layout - 1");
  await store.prepare(config);
  most.dropping = peak();
  session.close();
  for (const [work, locks] of Object.entries(most)) expect(locks, work).toBeLessThan(fewLocks);
  for (const work of ["reorganization", "copy"] as const) expect(most[work], work).toBeLessThan(100);
});

test("what a start leaves unfinished the next one completes, wherever it was when it ended, and a program of an older layout leaves it alone", async () => {
  const schema = await database.schema();
  const abi = abiOf(25);
  const names = async () =>
    (await schema.query<{ name: string }>("SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1", [schema.schema])).map(
      ({ name }) => name,
    );
  const wanted = [
    "_blocks",
    "_lease",
    "_sync",
    "logs",
    ...tablesOf([{ address: shapes.address, abi, startBlock: 0 }]).events.map(({ name }) => name),
  ].sort();
  const completed = async () => {
    const { config, session, store } = storeOf(schema, abi);
    await store.prepare(config);
    expect(await names()).toEqual(wanted);
    expect(await schema.query("SELECT count(*)::int AS n FROM empty")).toEqual([{ n: 0 }]);
    expect((await store.sync()).number).toBe(-1);
    session.close();
  };
  /** Starts it and ends it in the transaction after so many. @returns whether it came that far. */
  const broken = async (failAfter: number) => {
    const { config, session, store } = storeOf(schema, abi);
    session.failAfter = failAfter;
    const failure = await store.prepare(config).then(
      () => null,
      (error: Error) => error.message,
    );
    session.close();
    if (failure !== null) expect(failure).toBe("the database went away");
    return failure !== null;
  };
  const layout = async () => {
    const [{ exists } = {}] = await schema.query<{ exists: boolean }>("SELECT to_regclass('_sync') IS NOT NULL AS exists");
    return exists ? (await schema.query<{ layout: number }>("SELECT layout FROM _sync"))[0]?.layout : null;
  };
  /** With the layout one higher than it is, this program is one of an older layout. */
  const leftAlone = async () => {
    await schema.query("UPDATE _sync SET layout = layout + 1");
    const before = await names();
    const { config, session, store } = storeOf(schema, abi);
    await expect(store.prepare(config)).rejects.toBeInstanceOf(Outdated);
    session.close();
    expect(await names()).toEqual(before);
    await schema.query("UPDATE _sync SET layout = layout - 1");
  };
  let breaks = 0;
  // The first transaction only reads, the second one writes the layout down: what fails is rolled back.
  for (; await broken(breaks); breaks++) {
    if (breaks < 2) expect(await layout()).toBeNull();
    else await leftAlone();
  }
  await completed();
  const current = await layout();
  for (let failAfter = 0; ; failAfter++) {
    await schema.query(
      `UPDATE _sync SET layout = layout - 1, block_number = 1000; ALTER TABLE empty RENAME TO unknown;
       INSERT INTO unknown VALUES (1, 1, 'a', 'a', 1, 'a'); INSERT INTO other1 VALUES (1, 1, 'a', 'a', 1, 'a', 'a', 'a', 'a', 'a')`,
    );
    if (!(await broken(failAfter))) break;
    breaks++;
    if (failAfter < 2) expect(await layout()).not.toBe(current);
    else {
      expect(await layout()).toBe(current);
      await leftAlone();
    }
    await completed();
  }
  await completed();
  expect(breaks).toBeGreaterThan(10);
});

test("transactions on many tables wait for each other, whichever deployment's, and those on few for none", async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(async () => {
      const schema = await database.schema();
      const made = storeOf(schema, abiOf(60));
      await made.store.prepare(made.config);
      const copies = made.tables.events.map(({ name }) => ({ table: `"${name}"`, rows: new CopyRows(0).finish() }));
      return { schema, copies, ...made };
    }),
  );
  if (!first || !second) throw new Error("two deployments");
  const others = second.tables.events.filter(({ name }) => name.startsWith("other"));
  for (const { name } of others)
    await second.schema.query(`INSERT INTO ${name} VALUES (7, 1, 'a', 'a', 1, 'a', 'a', 'a', 'a', 'a');
      INSERT INTO logs VALUES (7, ${name.slice("other".length)}, 'a', 'a', 1, 'a', 1, NULL, NULL, NULL, NULL, 'a', '${name}')`);
  await second.schema.query("INSERT INTO logs VALUES (7, 1000, 'a', 'a', 1, 'a', 1, NULL, NULL, NULL, NULL, 'a', NULL)");
  await second.schema.query("UPDATE _sync SET undecoded = 1, block_number = 7");

  const order: string[] = [];
  const told = async <T>(what: string, work: Promise<T>) => {
    const value = await work;
    order.push(what);
    return value;
  };
  const sleeping = (copies: readonly TableRows[]) => WriterSession.prototype.copy.call(first.session, copies, "SELECT pg_sleep(1)");
  const holding = told("many, first", sleeping(first.copies));
  await waitFor(async () => (await first.schema.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")).length === 1, {
    every: 5,
    what: "the first is at it",
  });
  const few = WriterSession.prototype.copy.bind(second.session);
  await told("few", few(second.copies.slice(0, 10), "SELECT 1"));
  await told("many, second", few(second.copies, "SELECT 1"));
  await holding;
  expect(order).toEqual(["few", "many, first", "many, second"]);

  const again = told("many, third", sleeping(first.copies));
  await waitFor(async () => (await first.schema.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")).length === 1, {
    every: 5,
    what: "the first is at it again",
  });
  expect(await told("rewind", second.store.rewind({ number: 6, hash: null }))).toBe(others.length + 1);
  await again;
  expect(order.slice(3)).toEqual(["many, third", "rewind"]);
  expect(await second.store.sync()).toMatchObject({ number: 6, undecoded: 0 });
  for (const { name } of others) expect(await second.schema.query(`SELECT 1 FROM ${name}`)).toEqual([]);
  first.session.close();
  second.session.close();
});

test("whoever waits for its turn may wait for longer than for a lock, keeps its lease meanwhile, and is answered where it was too long", async () => {
  const made = async (times: Partial<SessionTimes>) => {
    const schema = await database.schema();
    const store = storeOf(schema, abiOf(60), times);
    await store.store.prepare(store.config);
    const copies = store.tables.events.map(({ name }) => ({ table: `"${name}"`, rows: new CopyRows(0).finish() }));
    const copy = (statements: string) => WriterSession.prototype.copy.call(store.session, copies, statements);
    return { schema, ...store, copy };
  };
  const [holder, patient, hasty] = await Promise.all([
    made({}),
    made({ lock: 200, turn: 3_000 }),
    made({ lock: 200, turn: 600, silence: 1_100 }),
  ]);
  const holding = holder.copy("SELECT pg_sleep(2)");
  await waitFor(async () => (await holder.schema.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted")).length === 1, {
    every: 5,
    what: "the holder is at it",
  });
  await expect(hasty.copy("SELECT 1")).rejects.toThrow("canceling statement due to lock timeout");
  await patient.copy("UPDATE _sync SET undecoded = 5");
  await holding;
  await patient.store.assertLeaseHeld();
  expect(await patient.store.sync()).toMatchObject({ undecoded: 5 });

  // Behind the turn a lock is waited for as long as ever.
  const blocker = patient.schema.query(`BEGIN; LOCK TABLE _blocks; SELECT pg_sleep(1); COMMIT`);
  await waitFor(
    async () => (await patient.schema.query("SELECT 1 FROM pg_locks WHERE relation = '_blocks'::regclass AND granted")).length > 0,
    {
      every: 5,
      what: "the table is locked",
    },
  );
  const started = performance.now();
  await expect(patient.copy("DELETE FROM _blocks")).rejects.toThrow("canceling statement due to lock timeout");
  expect(performance.now() - started).toBeLessThan(700);
  await blocker;
  for (const { session } of [holder, patient, hasty]) session.close();
});
