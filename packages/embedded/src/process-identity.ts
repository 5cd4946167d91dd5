import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" && !isZombie(pid);
  }
}

/** A dead process whose parent hasn't collected it yet still answers signals; it runs nothing any more. */
function isZombie(pid: number): boolean {
  const stat = readProc(pid, "stat");
  return stat?.slice(stat.lastIndexOf(")") + 2).startsWith("Z") ?? false;
}

/** The program and arguments of a process, as one line; empty when it has ended. */
export function commandLine(pid: number): string {
  const text = readProc(pid, "cmdline");
  if (text !== null) return text.replaceAll("\0", " ");
  return existsSync("/proc/self/stat") ? "" : spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
}

/** When the process started, in the system's own spelling; empty when it has ended. With the id it names a process for good. */
export function startTime(pid: number): string {
  const stat = readProc(pid, "stat");
  // Field 22, counted after the program's name, which may hold spaces and brackets.
  if (stat !== null) return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return existsSync("/proc/self/stat") ? "" : spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null;
  }
}
