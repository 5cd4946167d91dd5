import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "..");

export interface Started {
  child: ChildProcess;
  pid: number;
  /** Lines written so far, the newest 400. */
  lines: string[];
  /** Resolves with the first line that matches. @throws when the process ends or the time is over before. */
  line(pattern: RegExp, withinMs: number): Promise<string>;
  /** Lets what it writes from now on pass unread. */
  mute(): void;
  /** Asks it to end, kills it after a minute, and resolves once it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a Node program of this repository; it ends with this process, however that ends. */
export function startNode(
  program: string,
  options: { args?: string[]; nodeArgs?: string[]; env?: Record<string, string>; input?: string } = {},
): Started {
  const { args = [], nodeArgs = [], env = {}, input } = options;
  const command = ["--pdeathsig", "TERM", process.execPath, ...nodeArgs, join(root, program), ...args];
  const child = spawn("setpriv", command, { cwd: root, stdio: ["pipe", "pipe", "pipe"], env: { ...inherited(), ...env } });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  const readers = [child.stdout, child.stderr].map((stream) =>
    createInterface({ input: stream }).on("line", (text) => {
      if (lines.push(text) > 400) lines.shift();
      for (const listener of listeners) listener(text);
    }),
  );
  child.stdin.on("error", () => undefined);
  if (input !== undefined) child.stdin.write(input);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    line: (pattern, withinMs) =>
      new Promise((resolve, reject) => {
        const known = lines.find((text) => pattern.test(text));
        if (known !== undefined) return resolve(known);
        const finish = (act: () => void) => {
          listeners.delete(look);
          clearTimeout(timer);
          act();
        };
        const look = (text: string) => pattern.test(text) && finish(() => resolve(text));
        const fail = (why: string) =>
          finish(() => reject(new Error(`${program} ${why} before ${pattern}:\n${lines.slice(-20).join("\n")}`)));
        const timer = setTimeout(() => fail(`wrote nothing that matches within ${withinMs} ms`), withinMs);
        listeners.add(look);
        void ended.then(() => fail(`ended with ${child.exitCode ?? child.signalCode}`));
        return undefined;
      }),
    mute: () => {
      for (const reader of readers) reader.close();
      for (const stream of [child.stdout, child.stderr]) stream.on("data", () => undefined).resume();
    },
    stop: async (signal = "SIGTERM") => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** The surroundings without what would point Obelisk somewhere else. */
function inherited(): Record<string, string> {
  const kept = ["PATH", "HOME", "LANG", "TMPDIR"];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

/** Runs a program that prints one line of JSON and ends. */
export async function runNode<Answer>(program: string, input: unknown, withinMs: number): Promise<Answer> {
  const started = startNode(program, { args: [JSON.stringify(input)] });
  const line = await started.line(/^\{"answer"/, withinMs);
  await started.stop();
  return (JSON.parse(line) as { answer: Answer }).answer;
}

/** Proportional set size in MiB: shared pages counted by their share. */
export function proportionalMemory(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, "Pss") / 1_024;
}

/** Largest resident set so far, in MiB. */
export function peakMemory(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, "VmHWM") / 1_024;
}

function kilobytes(path: string, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(path, "utf8"));
  if (!match) throw new Error(`${path} holds no ${field}`);
  return Number(match[1]);
}

/** Every process below this one, with its command line. */
export function descendants(pid: number): { pid: number; command: string }[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const stat = readOrEmpty(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: { pid: number; command: string }[] = [];
  const queue = [...(children.get(pid) ?? [])];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    found.push({ pid: next, command: readOrEmpty(`/proc/${next}/cmdline`).replaceAll("\0", " ") });
    queue.push(...(children.get(next) ?? []));
  }
  return found;
}

/** A process may be gone between listing and reading. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
