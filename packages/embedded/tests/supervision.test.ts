import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort, type ServiceEvent, ServiceFailed, Supervisor } from "../src/index.ts";
import { isAlive } from "../src/process-identity.ts";
import { becomesTrue } from "../src/waiting.ts";
import { pidAt, standIn, temporaryDirectory } from "./stand-in.ts";

let directory: string;
let events: ServiceEvent[];
let supervisor: Supervisor;

beforeEach(() => {
  directory = temporaryDirectory();
  events = [];
  supervisor = new Supervisor({
    logDirectory: join(directory, "logs"),
    record: join(directory, "processes.json"),
    onEvent: (event) => events.push(event),
  });
});

afterEach(async () => {
  await supervisor.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("what is killed comes back, and its output is kept", async () => {
  const port = await freePort();
  await supervisor.start(standIn("program", port));
  const before = await pidAt(port);
  process.kill(before, "SIGKILL");
  expect(await becomesTrue(async () => (await pidAt(port).catch(() => before)) !== before, 10_000)).toBe(true);
  expect(events.map(({ state }) => state)).toContain("restarting");
  expect(readFileSync(join(directory, "logs/program.log"), "utf8")).toContain(`stand-in ${before}`);
});

test("what doesn't start is refused with its last lines and the log's place", async () => {
  const failure = await supervisor.start(standIn("program", await freePort(), "brief")).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ServiceFailed);
  expect((failure as Error).message).toContain("status 3");
  expect((failure as Error).message).toContain("the stand-in has nothing to do");
  expect((failure as Error).message).toContain("logs/program.log");
});

test("a program that isn't there is refused by name", async () => {
  const service = standIn("program", await freePort());
  const command = { program: "/nowhere/program", args: [], env: {}, tether: "lifeline" } as const;
  await expect(supervisor.start({ ...service, command })).rejects.toThrow(/\/nowhere\/program/);
});

test("what doesn't answer in time is ended and refused", async () => {
  const service = standIn("program", await freePort());
  const silent = { ...service, readyWithin: 700, ready: () => Promise.reject(new Error("nothing listens")) };
  await expect(supervisor.start(silent)).rejects.toThrow(/did not answer within 0.7 s \(nothing listens\)/);
  expect(supervisor.states()[0]?.pid).toBeNull();
});

test("what dies again and again is given up, and that is told", async () => {
  const port = await freePort();
  const service = standIn("program", port);
  let manner = "";
  const command = () => ({
    program: process.execPath,
    args: [join(import.meta.dirname, "stand-ins/service.mjs"), String(port), manner],
    env: {},
    tether: "lifeline" as const,
  });
  await supervisor.start({ ...service, command });
  manner = "brief";
  process.kill(await pidAt(port), "SIGKILL");
  const error = await supervisor.givenUp;
  expect(error.message).toContain("4 times in a row");
});

test("services stop in reverse order; one that doesn't listen is killed after its deadline", async () => {
  await supervisor.start(standIn("first", await freePort()));
  await supervisor.start(standIn("second", await freePort(), "deaf"));
  const pids = supervisor.states().map(({ pid }) => pid ?? 0);
  await supervisor.stop();
  expect(events.filter(({ state }) => state === "stopped").map(({ service }) => service)).toEqual(["second", "first"]);
  expect(events.some(({ message }) => message.includes("is killed"))).toBe(true);
  expect(pids.some(isAlive)).toBe(false);
  expect(existsSync(join(directory, "processes.json"))).toBe(false);
});

test("stopping while a service starts leaves nothing running", async () => {
  const port = await freePort();
  const service = { ...standIn("program", port), ready: () => Promise.reject(new Error("never")) };
  const started = supervisor.start(service).catch((error: unknown) => error);
  expect(await becomesTrue(() => pidAt(port).then(Boolean, () => false), 5_000)).toBe(true);
  const pid = await pidAt(port);
  await supervisor.stop();
  expect(await started).toBeInstanceOf(ServiceFailed);
  expect(isAlive(pid)).toBe(false);
});
