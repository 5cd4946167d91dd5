import { readFile } from "node:fs/promises";

/** Clock ticks a second and bytes a page, as Linux has them on every architecture Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

export interface ProcessUse {
  cpuSeconds: number;
  memoryBytes: number;
}

/** What a process has used of the processor and holds in memory; null where the system doesn't tell, or the process is gone. */
export async function readUse(pid: number): Promise<ProcessUse | null> {
  try {
    const [stat, statm] = await Promise.all([readFile(`/proc/${pid}/stat`, "latin1"), readFile(`/proc/${pid}/statm`, "latin1")]);
    // The second field is the program's name in parentheses and may hold anything: the fields after it are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuSeconds: ticks / ticksPerSecond, memoryBytes: Number(statm.split(" ")[1]) * pageBytes };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return null;
    throw error;
  }
}
