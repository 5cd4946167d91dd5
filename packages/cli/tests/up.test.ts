import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@obelisk/embedded";
import { createTestDatabase } from "@obelisk/testing/test-database";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterEach, beforeEach, expect, test } from "vitest";

let dataDir: string;
let started: Up[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "obelisk-up-"));
  started = [];
});

afterEach(async () => {
  for (const { child, ended } of started) {
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(dataDir, { recursive: true, force: true });
});

interface Up {
  child: ChildProcess;
  ended: Promise<number | null>;
  said(): string;
}

function run(port: number, more: Record<string, string> = {}): Up {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, "stand-ins/up.ts")], {
    env: { PATH, OBELISK_DATA_DIR: dataDir, PORT: String(port), ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece: Buffer) => {
      text += piece.toString();
    });
  const up = { child, ended: new Promise<number | null>((resolve) => child.once("close", resolve)), said: () => text };
  started.push(up);
  return up;
}

async function ready(port: number, variables: Record<string, string> = {}): Promise<Up> {
  const up = run(port, variables);
  await waitFor(() => up.said().includes(`Obelisk is ready: http://localhost:${port}`) || up.child.exitCode !== null, {
    within: 90_000,
    what: "Obelisk is ready",
  });
  expect(up.said()).toContain("Obelisk is ready");
  return up;
}

function seen(name: "server" | "worker"): { pid: number; DATABASE_URL: string; AUTH_SECRET: string; ENCRYPTION_KEY: string } {
  return JSON.parse(readFileSync(join(dataDir, `${name}.seen.json`), "utf8"));
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

test("it announces the address and the demo sign-ins, stops everything it started, and comes back with the same secrets", async () => {
  const port = await freePort();
  const first = await ready(port);
  expect(first.said()).toContain("owner@acme.test");
  const before = seen("server");
  expect(statSync(join(dataDir, "secrets.json")).mode & 0o077).toBe(0);
  expect(statSync(join(dataDir, "connection.json")).mode & 0o077).toBe(0);
  const processes = JSON.parse(readFileSync(join(dataDir, "processes.json"), "utf8")) as { name: string; pid: number }[];
  expect(processes.map(({ name }) => name).sort()).toEqual(["chain", "postgres", "server", "worker"]);
  first.child.kill("SIGINT");
  expect(await first.ended).toBe(0);
  expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([]);
  expect(existsSync(join(dataDir, "connection.json"))).toBe(false);
  await ready(port);
  const { DATABASE_URL, AUTH_SECRET, ENCRYPTION_KEY } = seen("server");
  expect({ DATABASE_URL, AUTH_SECRET, ENCRYPTION_KEY }).toEqual({
    DATABASE_URL: before.DATABASE_URL,
    AUTH_SECRET: before.AUTH_SECRET,
    ENCRYPTION_KEY: before.ENCRYPTION_KEY,
  });
});

test("with a DATABASE_URL it starts no database and no chain, and runs on that one", async () => {
  const database = await createTestDatabase();
  try {
    const up = await ready(await freePort(), { DATABASE_URL: database.databaseUrl, ENCRYPTION_KEY: database.encryptionKey });
    const processes = JSON.parse(readFileSync(join(dataDir, "processes.json"), "utf8")) as { name: string }[];
    expect(processes.map(({ name }) => name).sort()).toEqual(["server", "worker"]);
    expect(readdirSync(dataDir).filter((name) => /postgres|chain/.test(name))).toEqual([]);
    for (const name of ["server", "worker"] as const) expect(seen(name).DATABASE_URL).toBe(database.databaseUrl);
    up.child.kill("SIGINT");
    expect(await up.ended).toBe(0);
  } finally {
    await database.drop();
  }
});

test("a second start on the same data directory is refused and says why; the first goes on", async () => {
  const first = await ready(await freePort());
  const second = run(await freePort());
  expect(await second.ended).toBe(1);
  expect(second.said()).toContain(`in use by process ${first.child.pid}`);
  expect(isAlive(seen("server").pid)).toBe(true);
});

test("what is wrong with the server's or the worker's variables is told all at once, before anything starts", async () => {
  const up = run(await freePort(), { LOG_LEVEL: "loud", PUBLIC_API_RATE_LIMIT: "none", WORKER_TASKS: "none", RUNTIME_USER: "x" });
  expect(await up.ended).toBe(1);
  for (const name of ["LOG_LEVEL", "PUBLIC_API_RATE_LIMIT", "WORKER_TASKS", "RUNTIME_USER"])
    expect(up.said()).toContain(`  ${name}: expected `);
  expect(readdirSync(dataDir)).toEqual([]);
});

test("a taken PORT is explained, and nothing is started", async () => {
  const port = await freePort();
  const squatter = createServer().listen(port);
  try {
    const up = run(port);
    expect(await up.ended).toBe(1);
    expect(up.said()).toContain(`port ${port} is taken by process ${process.pid}`);
    expect(existsSync(join(dataDir, "postgres"))).toBe(false);
  } finally {
    squatter.close();
  }
});

test("a killed server or worker comes back", async () => {
  await ready(await freePort());
  for (const name of ["server", "worker"] as const) {
    const { pid } = seen(name);
    process.kill(pid, "SIGKILL");
    await waitFor(() => seen(name).pid !== pid, { within: 20_000, what: `${name} is back` });
  }
});

test("killed itself, it leaves nothing running, and starts again", async () => {
  const port = await freePort();
  const first = await ready(port);
  const processes = JSON.parse(readFileSync(join(dataDir, "processes.json"), "utf8")) as { pid: number }[];
  first.child.kill("SIGKILL");
  await first.ended;
  await waitFor(() => !processes.some(({ pid }) => isAlive(pid)), { within: 20_000, what: "everything has ended" });
  await ready(port);
});
