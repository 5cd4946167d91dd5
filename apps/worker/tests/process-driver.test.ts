import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, it } from "vitest";
import { detectConfinement } from "../src/drivers/process/confinement.ts";
import { ProcessDriver } from "../src/drivers/process/driver.ts";
import { driverConformance } from "./conformance/driver-conformance.ts";
import type { Fault } from "./programs/stand-in.ts";

const standIn = join(import.meta.dirname, "programs/stand-in.ts");
const confinement = detectConfinement({ user: null, readable: standIn });
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

function open(logFiles = { bytes: 5_000_000, files: 5 }) {
  return new ProcessDriver({ folder, programs: { "evm-events": standIn }, confinement, logFiles });
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

it("keeps a flooding program's log files bounded, the newest lines in them", async () => {
  const driver = open({ bytes: 100_000, files: 3 });
  await setFault("dep_flood", { noDatabase: true, chatter: 5_000 });
  let listening = false;
  await driver.start(launch("dep_flood"), { onListening: () => (listening = true), onLine: () => undefined, onExit: () => undefined });
  await waitFor(() => listening, { what: "the flood is over and the program listens" });
  await driver.close(1_000);
  const logs = join(folder, "dep_flood/logs");
  const files = await readdir(logs);
  expect(files.length).toBeLessThanOrEqual(3);
  for (const file of files) expect((await stat(join(logs, file))).size).toBeLessThan(1_500_000);
  const newest = await readFile(join(logs, "program.log"), "utf8").then(
    async (text) => text + (await readFile(join(logs, "program.1.log"), "utf8")),
  );
  expect(newest).toContain("chatter 4999");
});

it("a program ends by itself once the worker that started it is gone", async () => {
  const { spawn } = await import("node:child_process");
  await setFault("dep_orphan", { noDatabase: true });
  const script = `
    import { ProcessDriver } from ${JSON.stringify(join(import.meta.dirname, "../src/drivers/process/driver.ts"))};
    const driver = new ProcessDriver({ folder: ${JSON.stringify(folder)}, programs: { "evm-events": ${JSON.stringify(standIn)} }, confinement: { prefix: [], measures: [] } });
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
