import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { endLeftovers, ensureEmbedded, lockDirectory, Supervisor } from "../src/index.ts";
import { isAlive } from "../src/process-identity.ts";
import { becomesTrue } from "../src/waiting.ts";
import { temporaryDirectory } from "./stand-in.ts";

let dataDir: string;
let supervisors: Supervisor[];
let said: string[];

beforeEach(() => {
  dataDir = temporaryDirectory();
  supervisors = [];
  said = [];
});

afterEach(async () => {
  for (const supervisor of supervisors) await supervisor.stop();
  await endLeftovers(join(dataDir, "processes.json"), () => undefined);
  rmSync(dataDir, { recursive: true, force: true });
});

async function start({ chain = false, databases = ["kept"] as string[] | null, durable = false } = {}) {
  const supervisor = new Supervisor({ logDirectory: join(dataDir, "logs"), record: join(dataDir, "processes.json") });
  supervisors.push(supervisor);
  const report = (line: string) => void said.push(line);
  const embedded = await ensureEmbedded({ dataDir, supervisor, report, databases, chain, durable });
  const pid = (name: string) => supervisor.states().find((state) => state.name === name)?.pid ?? 0;
  return {
    supervisor,
    pid,
    url: embedded.postgres?.url("kept") ?? "",
    port: embedded.postgres?.port ?? 0,
    rpcUrl: embedded.chain?.rpcUrl ?? "",
  };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function rpc(url: string, method: string, params: unknown[] = []): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", connection: "close" }, body });
  return ((await response.json()) as { result: unknown }).result;
}

test("a killed PostgreSQL is back on the same address with every committed row", async () => {
  const { pid, url } = await start({ durable: true });
  await query(url, "create table kept as select 42 as answer");
  const before = pid("postgres");
  process.kill(before, "SIGKILL");
  expect(await becomesTrue(() => pid("postgres") !== before && pid("postgres") !== 0, 20_000)).toBe(true);
  expect(await becomesTrue(() => query(url, "select 1").then(Boolean, () => false), 20_000)).toBe(true);
  expect(await query(url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("rows, port and password are the same after a stop and a start", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 42 as answer");
  await first.supervisor.stop();
  const second = await start();
  expect(second.url).toBe(first.url);
  expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
});

test("a wrong password is refused", async () => {
  const { url } = await start();
  await expect(query(url.replace(/:[^:@]+@/, ":wrong@"), "select 1")).rejects.toThrow(/password authentication failed/);
});

test("a role that was let into no database gets into none", async () => {
  const { url } = await start();
  await query(url, "create role nobody login password 'nobody'; revoke all on database kept from public");
  for (const name of ["kept", "postgres", "template1"]) {
    const own = Object.assign(new URL(url), { username: "nobody", password: "nobody", pathname: `/${name}` });
    await expect(query(own.href, "select 1"), name).rejects.toThrow(/permission denied for database/);
  }
});

test("a stale postmaster.pid, even with the number of a living process, keeps nothing from starting", async () => {
  const first = await start();
  await first.supervisor.stop();
  writeFileSync(join(dataDir, "postgres/data/postmaster.pid"), `${process.pid}\n${dataDir}\n1\n5432\n`);
  await start();
  expect(said.join()).toContain("removes the postmaster.pid");
});

test("a taken port is left to its owner, and the move is told", async () => {
  const first = await start();
  await first.supervisor.stop();
  const squatter = createServer().listen(first.port, "127.0.0.1");
  await once(squatter, "listening");
  try {
    const second = await start();
    expect(second.port).not.toBe(first.port);
    expect(said.join()).toContain(`port ${first.port} is taken by another program: PostgreSQL moves to ${second.port}`);
  } finally {
    squatter.close();
  }
});

test("a database of another major version is refused with the remedy", async () => {
  const first = await start();
  await first.supervisor.stop();
  writeFileSync(join(dataDir, "postgres/data/PG_VERSION"), "12\n");
  await expect(start()).rejects.toThrow(/is of PostgreSQL 12; this build brings 18/);
});

test("the chain keeps its first block over many starts: who knows it by that still does", async () => {
  const genesis = async (rpcUrl: string) => ((await rpc(rpcUrl, "eth_getBlockByNumber", ["0x0", false])) as { hash: string }).hash;
  const seen: { hash: string; blocks: unknown }[] = [];
  for (let time = 0; time < 7; time += 1) {
    const { rpcUrl, supervisor } = await start({ chain: true, databases: null });
    await rpc(rpcUrl, "anvil_mine", ["0x2"]);
    seen.push({ hash: await genesis(rpcUrl), blocks: await rpc(rpcUrl, "eth_blockNumber") });
    const first = (await rpc(rpcUrl, "eth_getBlockByNumber", ["0x1", false])) as { parentHash: string };
    expect(first.parentHash).toBe(seen[0]?.hash);
    await supervisor.stop();
    // A first block differs from another by its second.
    await sleep(1_100);
  }
  expect(seen.map(({ hash }) => hash)).toEqual(Array.from({ length: 7 }, () => seen[0]?.hash));
  expect(seen.map(({ blocks }) => Number(blocks))).toEqual([2, 4, 6, 8, 10, 12, 14]);
}, 120_000);

test("the chain goes on where it stopped: blocks, logs and code", async () => {
  const first = await start({ chain: true, databases: null });
  const [account] = (await rpc(first.rpcUrl, "eth_accounts")) as string[];
  // Its code is one LOG0: each call emits an event.
  await rpc(first.rpcUrl, "eth_sendTransaction", [{ from: account, data: "0x6560006000a0006000526006601af3" }]);
  const to = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
  expect(await becomesTrue(async () => (await rpc(first.rpcUrl, "eth_getCode", [to, "latest"])) === "0x60006000a000", 5_000)).toBe(true);
  await rpc(first.rpcUrl, "eth_sendTransaction", [{ from: account, to }]);
  const logs = () => rpc(first.rpcUrl, "eth_getLogs", [{ fromBlock: "0x0" }]) as Promise<unknown[]>;
  expect(await becomesTrue(async () => (await logs()).length === 1, 5_000)).toBe(true);
  const before = await logs();
  await first.supervisor.stop();
  const second = await start({ chain: true, databases: null });
  expect(second.rpcUrl).toBe(first.rpcUrl);
  expect(await logs()).toEqual(before);
  expect(Number(await rpc(second.rpcUrl, "eth_blockNumber"))).toBeGreaterThanOrEqual(2);
});

test("a killed supervisor leaves nothing running, and the next start finds everything", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "stand-ins/supervising.ts"), dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const pids = (JSON.parse(line.toString()) as { pid: number }[]).map(({ pid }) => pid);
  expect(pids).toHaveLength(3);
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  // PostgreSQL and the chain die by the kernel's signal; the deaf program is ended by whoever comes next.
  await endLeftovers(join(dataDir, "processes.json"), (text) => void said.push(text));
  expect(await becomesTrue(() => !pids.some(isAlive), 20_000)).toBe(true);
  expect(await query((await start()).url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test.runIf(process.getuid?.() === 0)("under root it works in a directory that PostgreSQL's user can't enter", async () => {
  const closed = mkdtempSync(join(tmpdir(), "obelisk-closed-"));
  const outer = dataDir;
  dataDir = join(closed, "data");
  try {
    lockDirectory(dataDir).release();
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    await first.supervisor.stop();
    const second = await start();
    expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(said.join()).toContain("the database lies in");
    await second.supervisor.stop();
  } finally {
    const record = join(dataDir, "postgres/location.json");
    if (existsSync(record)) rmSync((JSON.parse(readFileSync(record, "utf8")) as { home: string }).home, { recursive: true, force: true });
    rmSync(closed, { recursive: true, force: true });
    dataDir = outer;
  }
});

test("secrets in the data directory are readable by their owner alone", async () => {
  await start();
  expect(statSync(join(dataDir, "postgres/password")).mode & 0o077).toBe(0);
  expect(readFileSync(join(dataDir, "logs/postgres.log"), "utf8")).not.toContain(readFileSync(join(dataDir, "postgres/password"), "utf8"));
});
