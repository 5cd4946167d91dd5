import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAlive, startTime } from "./process-identity.ts";
import type { Service } from "./service.ts";
import { becomesTrue } from "./waiting.ts";

/** A process a supervisor started, written down for whoever comes after a supervisor that was killed. */
export interface RecordedProcess {
  name: string;
  pid: number;
  /** Tells the process from a later one with the same number. */
  startTime: string;
  stopSignal: Service["stopSignal"];
  /** Milliseconds to let it stop by itself. */
  stopWithin: number;
}

/** Replaces the record whole, so that a reader never sees half of it. */
export function recordProcesses(file: string, processes: readonly RecordedProcess[]): void {
  writeFileSync(`${file}.new`, JSON.stringify(processes), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Ends what a killed supervisor left running, the last started first. Most of it is on its way already, by its tether.
 * @throws when one can't be ended.
 */
export async function endLeftovers(file: string, report: (line: string) => void): Promise<void> {
  if (!existsSync(file)) return;
  for (const left of (JSON.parse(readFileSync(file, "utf8")) as RecordedProcess[]).toReversed()) {
    if (!runs(left)) continue;
    report(`stops ${left.name} (process ${left.pid}), which an earlier run left behind`);
    signal(left, left.stopSignal);
    if (await becomesTrue(() => !runs(left), left.stopWithin)) continue;
    signal(left, "SIGKILL");
    if (!(await becomesTrue(() => !runs(left), 5_000))) {
      throw new Error(
        `${left.name} (process ${left.pid}) of an earlier run can't be ended: end it yourself (kill -9 ${left.pid}) and start again`,
      );
    }
  }
  rmSync(file, { force: true });
}

function runs(left: RecordedProcess): boolean {
  return isAlive(left.pid) && startTime(left.pid) === left.startTime;
}

function signal(left: RecordedProcess, name: NodeJS.Signals): void {
  try {
    process.kill(left.pid, name);
  } catch (error) {
    // Gone meanwhile; one of another user shows in the wait that follows.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
