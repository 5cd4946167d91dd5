import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commandLine, isAlive } from "./process-identity.ts";
import { becomesTrue } from "./waiting.ts";

/**
 * Makes a data directory free to start on: a server that an earlier, killed process left running on it is shut down; a
 * `postmaster.pid` whose process is gone, or whose number another program has now, is removed.
 * @throws when the left-over server can't be stopped.
 */
export async function clearPostmaster(data: string, report: (line: string) => void): Promise<void> {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (Number.isInteger(pid) && pid > 0 && runsOn(pid, data)) {
    report(`stops the PostgreSQL (process ${pid}) that an earlier run left behind`);
    await shutDown(pid, data);
    return;
  }
  report("removes the postmaster.pid of a PostgreSQL that is gone");
  rmSync(file, { force: true });
}

function runsOn(pid: number, data: string): boolean {
  const words = isAlive(pid) ? commandLine(pid) : "";
  return /postgres/.test(words) && words.includes(data);
}

async function shutDown(pid: number, data: string): Promise<void> {
  for (const [signal, patience] of [
    ["SIGINT", 20_000],
    ["SIGQUIT", 10_000],
  ] as const) {
    process.kill(pid, signal);
    if (await becomesTrue(() => !runsOn(pid, data), patience)) return;
  }
  throw new Error(`PostgreSQL (process ${pid}) still runs on ${data} and doesn't stop: end it with \`kill -QUIT ${pid}\` and start again`);
}
