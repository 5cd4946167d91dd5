import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@obelisk/core/kernel/logger";
import type { ExitReason } from "@obelisk/core/modules/provisioning/driver";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mostWaiting } from "../src/drivers/process/child.ts";
import { detectConfinement } from "../src/drivers/process/confinement.ts";
import { ProcessDriver } from "../src/drivers/process/driver.ts";
import { LogFile } from "../src/drivers/process/log-file.ts";
import { driverConformance } from "./conformance/driver-conformance.ts";
import type { Fault } from "./programs/stand-in.ts";

const standIn = join(import.meta.dirname, "programs/stand-in.ts");
const confinement = detectConfinement({ readable: standIn });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "obelisk-driver-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function setFault(deploymentId: string, fault: Fault): Promise<void> {
  await mkdir(join(folder, deploymentId), { recursive: true });
  await writeFile(join(folder, deploymentId, "fault.json"), JSON.stringify(fault));
}

/** What the worker's own log holds. */
const told: string[] = [];
const logger = { warn: ({ err }: { err: Error }) => void told.push(err.message) } as unknown as Logger;

function open(logFiles = { bytes: 5_000_000, files: 5 }) {
  return new ProcessDriver({ folder, programs: { "evm-events": standIn }, confinement, logFiles, logger });
}

driverConformance("the process driver", async () => {
  const driver = open();
  return { driver, template: "evm-events", setFault, isAlive, close: () => driver.close(1_000) };
});

const launch = (deploymentId: string) => ({
  deploymentId,
  template: "evm-events",
  epoch: 1,
  instanceToken: "a-token-of-enough-length",
  database: { url: "postgres://x:password-of-it@127.0.0.1:1/none", schema: "rt_x" },
  config: { rpcUrls: [] },
  limits: { memoryBytes: 256 * 1024 * 1024, cpuCores: 1 },
});

it("gives a program nothing of the platform's environment", async () => {
  process.env["ENCRYPTION_KEY"] = "a key that must stay here";
  const driver = open();
  await setFault("dep_environment", { noDatabase: true });
  let address: string | null = null;
  await driver.start(launch("dep_environment"), { onListening: (at) => (address = at), onLine: () => undefined, onExit: () => undefined });
  const at = await waitFor(() => address, { what: "the program listens" });
  const answer = await fetch(`http://${at}/health`, { headers: { authorization: "Bearer a-token-of-enough-length" } });
  const { pid } = (await answer.json()) as { pid: number };
  const environment = await readFile(`/proc/${pid}/environ`, "utf8");
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8");
  expect(environment).not.toContain("ENCRYPTION_KEY");
  expect(commandLine).not.toContain("password-of-it");
  delete process.env["ENCRYPTION_KEY"];
  await driver.close(1_000);
});

it("lets a program listen on the host's address that servers elsewhere reach", async () => {
  const driver = new ProcessDriver({ folder, programs: { "evm-events": standIn }, confinement, listenHost: "127.0.0.2", logger });
  await setFault("dep_elsewhere", { noDatabase: true });
  let address: string | null = null;
  await driver.start(launch("dep_elsewhere"), { onListening: (at) => (address = at), onLine: () => undefined, onExit: () => undefined });
  const at = await waitFor(() => address, { what: "the program listens" });
  expect(at).toMatch(/^127\.0\.0\.2:\d+$/);
  const health = (host: string) => fetch(`http://${host}/health`, { headers: { authorization: "Bearer a-token-of-enough-length" } });
  expect((await health(at)).status).toBe(200);
  await expect(health(at.replace("127.0.0.2", "127.0.0.1"))).rejects.toThrow();
  await driver.close(1_000);
});

it("keeps a flooding program's log files bounded, the newest lines in them", async () => {
  const limit = 500_000;
  const driver = open({ bytes: limit, files: 3 });
  // Some 7 MB: twice what fits even if a file were ten times as large.
  await setFault("dep_flood", { noDatabase: true, chatter: 25_000 });
  let listening = false;
  await driver.start(launch("dep_flood"), { onListening: () => (listening = true), onLine: () => undefined, onExit: () => undefined });
  await waitFor(() => listening, { what: "the flood is over and the program listens" });
  await driver.close(1_000);
  const logs = join(folder, "dep_flood/logs");
  const files = await readdir(logs);
  expect(files.length).toBe(3);
  // A file is changed when it is full, behind the write that filled it: that is all that waited, and the piece of output that was read last.
  const bound = limit + mostWaiting + 2 * 65_536;
  for (const file of files) expect((await stat(join(logs, file))).size).toBeLessThan(bound);
  const newest = await readFile(join(logs, "program.log"), "utf8").then(
    async (text) => text + (await readFile(join(logs, "program.1.log"), "utf8")),
  );
  expect(newest).toContain("chatter 24999");
});

it("tells the exit of programs whose last words find no room on the disk", async () => {
  const driver = open();
  const ids = Array.from({ length: 12 }, (_, index) => `dep_diskless${index}`);
  const lines: string[] = [];
  const exits: ExitReason[] = [];
  for (const id of ids) {
    await setFault(id, { noDatabase: true, lastWords: "cut off in the midd" });
    await mkdir(join(folder, id, "logs"));
    await symlink("/dev/full", join(folder, id, "logs/program.log"));
    await driver.start(launch(id), {
      onListening: () => undefined,
      onLine: (_, line) => lines.push(line),
      onExit: (exit) => exits.push(exit),
    });
  }
  await waitFor(() => exits.length >= ids.length, { within: 20_000, what: "the exits are told" });
  expect(exits).toEqual(ids.map(() => ({ code: 1, signal: null })));
  expect(lines.filter((line) => line === "cut off in the midd")).toHaveLength(ids.length);
  expect(lines.join("\n")).toContain("its log file can't be written (ENOSPC)");
  expect(lines.join("\n")).not.toContain("no space left");
  expect(told.filter((line) => line.includes("no space left")).length).toBeLessThanOrEqual(2 * ids.length);
  expect(driver.list()).toEqual([]);
  await driver.close(1_000);
});

it("closes a log file whose last write fails meanwhile, and tells only who wrote", async () => {
  const path = join(folder, "full");
  await mkdir(path);
  await symlink("/dev/full", join(path, "program.log"));
  const log = new LogFile(path);
  await log.open();
  const written = log.write("last").then(
    () => "kept",
    (error: NodeJS.ErrnoException) => error.code,
  );
  await log.close();
  expect(await written).toBe("ENOSPC");
});

it("tells the exit of a program whose control group can't be read or removed", async () => {
  const refuse = () => {
    throw Object.assign(new Error("EACCES: permission denied, rmdir '/sys/fs/cgroup/obelisk/dep_stuck'"), { code: "EACCES" });
  };
  const groups = { measure: "none", create: () => ({ prefix: [], ranOutOfMemory: refuse, remove: refuse }) };
  const driver = new ProcessDriver({ folder, programs: { "evm-events": standIn }, confinement: { ...confinement, groups }, logger });
  await setFault("dep_stuck", { noDatabase: true, crashOnStart: true });
  const exits: ExitReason[] = [];
  const lines: string[] = [];
  await driver.start(launch("dep_stuck"), {
    onListening: () => undefined,
    onLine: (_, line) => lines.push(line),
    onExit: (exit) => exits.push(exit),
  });
  await waitFor(() => exits.length > 0, { within: 10_000, what: "the exit is told" });
  expect(exits).toEqual([{ code: 1, signal: null }]);
  // The tenant reads what happened, and nothing of the host; the operator all of it.
  expect(lines).toContain("its control group could not be removed (EACCES): the operator finds why in the worker's log");
  expect(lines.join("\n")).not.toMatch(/cgroup|permission denied/);
  expect(told.join("\n")).toContain("rmdir '/sys/fs/cgroup/obelisk/dep_stuck'");
  await driver.close(1_000);
});

/** Starts a program and waits for its process id, as it says it itself. */
async function pidOf(
  driver: ProcessDriver,
  deploymentId: string,
  exits: ExitReason[] = [],
  memoryBytes = 256 * 1024 * 1024,
): Promise<number> {
  let address: string | null = null;
  await driver.start(
    { ...launch(deploymentId), limits: { memoryBytes, cpuCores: 0.5 } },
    { onListening: (at) => (address = at), onLine: () => undefined, onExit: (exit) => exits.push(exit) },
  );
  const at = await waitFor(() => address, { what: "the program listens" });
  const answer = await fetch(`http://${at}/health`, { headers: { authorization: "Bearer a-token-of-enough-length" } });
  return ((await answer.json()) as { pid: number }).pid;
}

it.runIf(process.getuid?.() === 0)(
  "a worker that is root runs programs as a user of their own, without capabilities or new privileges",
  async () => {
    const driver = open();
    await setFault("dep_user", { noDatabase: true });
    const pid = await pidOf(driver, "dep_user");
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    expect(status).toMatch(/^Uid:\s+65533\s+65533\s+65533\s+65533$/m);
    expect(status).toMatch(/^Groups:\s*$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd"]) expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect((await stat(join(folder, "dep_user/home"))).uid).toBe(65_533);
    expect((await stat(join(folder, "dep_user/logs"))).uid).toBe(0);
    await driver.close(1_000);
  },
);

it("refuses to run programs as a user that can't reach them", () => {
  expect(() => detectConfinement({ user: { uid: 65_532, gid: 65_532 }, readable: "/proc/1/environ" })).toThrow(/RUNTIME_USER/);
});

describe.runIf(confinement.groups)("where the system has control groups", () => {
  it("a program that takes more memory than it may is ended, and that is said", async () => {
    const driver = open();
    await setFault("dep_hungry", { noDatabase: true, devourMemory: true });
    const exits: ExitReason[] = [];
    await driver.start(launch("dep_hungry"), { onListening: () => undefined, onLine: () => undefined, onExit: (exit) => exits.push(exit) });
    const exit = await waitFor(() => exits[0], { within: 20_000, what: "the program is ended" });
    expect(exit).toMatchObject({ signal: "SIGKILL", outOfMemory: true });
    await driver.close(1_000);
  });

  it("a program gets no more processor time than its share, however many threads it keeps busy", async () => {
    const driver = open();
    await setFault("dep_busy", { noDatabase: true, burn: true });
    await pidOf(driver, "dep_busy");
    await driver.sample("dep_busy");
    await sleep(2_000);
    const sample = await driver.sample("dep_busy");
    expect(sample?.cpu).toBeGreaterThan(0.05);
    expect(sample?.cpu).toBeLessThan(0.7);
    await driver.close(1_000);
  });

  it("leaves no group behind", async () => {
    const driver = open();
    await setFault("dep_passing", { noDatabase: true });
    await pidOf(driver, "dep_passing");
    await driver.close(1_000);
    const made = await Promise.all(
      ["memory/obelisk", "obelisk"].map((path) => readdir(join("/sys/fs/cgroup", path)).catch((): string[] => [])),
    );
    expect(made.flat().filter((name) => name.startsWith("dep_passing"))).toEqual([]);
  });
});

it("a program ends by itself once the worker that started it is gone", async () => {
  const { spawn } = await import("node:child_process");
  await setFault("dep_orphan", { noDatabase: true });
  const script = `
    import { ProcessDriver } from ${JSON.stringify(join(import.meta.dirname, "../src/drivers/process/driver.ts"))};
    const driver = new ProcessDriver({ folder: ${JSON.stringify(folder)}, programs: { "evm-events": ${JSON.stringify(standIn)} }, confinement: { prefix: [], user: null, groups: null, measures: [] }, logger: { warn() {} } });
    await driver.start(${JSON.stringify(launch("dep_orphan"))}, { onListening: (address) => console.log(address), onLine() {}, onExit() {} });
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: import.meta.dirname,
  });
  let output = "";
  parent.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const address = await waitFor(() => /127\.0\.0\.1:\d+/.exec(output)?.[0], { what: "the program listens" });
  const answer = await fetch(`http://${address}/health`, { headers: { authorization: "Bearer a-token-of-enough-length" } });
  const { pid } = (await answer.json()) as { pid: number };
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await waitFor(() => !isAlive(pid), { within: 2_000, what: "the program is gone with its worker" });
});
