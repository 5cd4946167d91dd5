import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { commandLine } from "./process-identity.ts";

/** Which process listens on a TCP port: its id and command line. Null where the system doesn't tell (no /proc, another user's process). */
export function portHolder(port: number): { pid: number; command: string } | null {
  const inodes = ["tcp", "tcp6"].flatMap((table) => listeners(table, port));
  if (inodes.length === 0) return null;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  for (const name of list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const holds = list(`/proc/${name}/fd`).some((descriptor) => sockets.has(target(`/proc/${name}/fd/${descriptor}`)));
    if (holds) return { pid: Number(name), command: commandLine(Number(name)).trim().slice(0, 120) };
  }
  return null;
}

/** Socket numbers that listen on the port, from the kernel's table. */
function listeners(table: string, port: number): string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = "0A";
  return read(`/proc/net/${table}`)
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(local) && fields[3] === listening)
    .flatMap((fields) => (fields[9] ? [fields[9]] : []));
}

/** Processes end while they are looked at, and others' are closed to us: both count as nothing to see. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
