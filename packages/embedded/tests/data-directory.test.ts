import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DirectoryTaken, lockDirectory, requireFreeDirectory } from "../src/index.ts";
import { temporaryDirectory } from "./stand-in.ts";

let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  directory = temporaryDirectory();
  children = [];
});

afterEach(async () => {
  await Promise.all(children.map(kill));
  rmSync(directory, { recursive: true, force: true });
});

async function holder(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "stand-ins/holder.ts"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [said] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

test("a second start on the same directory is refused, naming the process and since when", async () => {
  const { child } = await holder();
  expect(() => lockDirectory(directory)).toThrow(DirectoryTaken);
  expect(() => lockDirectory(directory)).toThrow(new RegExp(`process ${child.pid}, since 20\\d\\d-`));
});

test("of eight starts at the same instant one gets the directory", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => holder()));
  expect(answers.map(({ said }) => said).sort()).toEqual([
    "refused",
    "refused",
    "refused",
    "refused",
    "refused",
    "refused",
    "refused",
    "taken",
  ]);
});

test("the lock is its owner's alone: whoever may read it could keep the owner out", async () => {
  writeFileSync(join(directory, "lock"), "", { mode: 0o644 });
  lockDirectory(directory).release();
  expect(statSync(join(directory, "lock")).mode & 0o077).toBe(0);
});

test("asking for a directory refuses as taking it does, and changes nothing", async () => {
  requireFreeDirectory(join(directory, "absent"));
  requireFreeDirectory(directory);
  expect(readdirSync(directory)).toEqual([]);
  const { child } = await holder();
  const before = readdirSync(directory);
  expect(() => requireFreeDirectory(directory)).toThrow(DirectoryTaken);
  expect(() => requireFreeDirectory(directory)).toThrow(new RegExp(`process ${child.pid}, since 20\\d\\d-`));
  expect(readdirSync(directory)).toEqual(before);
});

test("a killed holder leaves the directory free", async () => {
  const { child } = await holder();
  await kill(child);
  requireFreeDirectory(directory);
  lockDirectory(directory).release();
});

test("a holder's number that another process has now keeps nobody out", () => {
  writeFileSync(join(directory, "lock.json"), JSON.stringify({ pid: process.ppid, since: "2020-01-01T00:00:00Z" }));
  lockDirectory(directory).release();
});

test("a command that only asks for the directory at that moment keeps no start out", async () => {
  lockDirectory(directory).release();
  const asking = spawn(process.execPath, [join(import.meta.dirname, "stand-ins/asking.ts"), directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(asking);
  await once(asking.stdout, "data");
  // It lets go 20 ms after it hears this.
  asking.stdin.write("go\n");
  lockDirectory(directory).release();
});

test("a holder that let go is named no more", async () => {
  const lock = lockDirectory(directory);
  expect(readdirSync(directory)).toContain("lock.json");
  lock.release();
  expect(readdirSync(directory)).not.toContain("lock.json");
});

test("released, it can be taken again", () => {
  lockDirectory(directory).release();
  lockDirectory(directory).release();
});
