import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeLaunch } from "@obelisk/core/modules/provisioning/driver";

type Limits = RuntimeLaunch["limits"];

/** A program's own group of the kernel's: it, and whatever it starts, share its limits. */
export interface ControlGroup {
  /** Command line to put before the program's: enters the group, then becomes the program. */
  prefix: readonly string[];
  /** Whether the kernel ended something in it for lack of memory. */
  ranOutOfMemory(): boolean;
  remove(): void;
}

export interface ControlGroups {
  /** What holds, for the log. */
  measure: string;
  /** @param name Letters, digits and `_` alone. @throws Error when the kernel refuses */
  create(name: string, limits: Limits): ControlGroup;
}

/** Processes and threads a program may have: Node takes some twelve. */
const mostTasks = 128;

/** Length of the period over which processor time is shared out, in microseconds. */
const periodUs = 100_000;

interface Hierarchy {
  /** Directories in which a group must be made, one for each hierarchy the system has. */
  folders: readonly string[];
  /** Files to write, by name, in whichever folder has them. */
  settings(limits: Limits): readonly [file: string, value: string][];
  /** The file with a line `oom_kill <count>`. */
  memoryEvents: string;
}

const unified = (folder: string): Hierarchy => ({
  folders: [folder],
  settings: ({ memoryBytes, cpuCores }) => [
    ["memory.max", String(memoryBytes)],
    ["cpu.max", `${Math.round(cpuCores * periodUs)} ${periodUs}`],
    ["pids.max", String(mostTasks)],
  ],
  memoryEvents: "memory.events",
});

const split = (mount: string, folder: string): Hierarchy => ({
  folders: ["cpu", "memory", "pids"].map((controller) => join(mount, controller, folder)),
  settings: ({ memoryBytes, cpuCores }) => [
    ["memory.limit_in_bytes", String(memoryBytes)],
    ["cpu.cfs_period_us", String(periodUs)],
    ["cpu.cfs_quota_us", String(Math.round(cpuCores * periodUs))],
    ["pids.max", String(mostTasks)],
  ],
  memoryEvents: "memory.oom_control",
});

/**
 * Finds out whether this system lets the worker limit its programs' memory and processor time by control groups (version 2, else 1): it
 * makes a group, runs a harmless command in it, and removes it.
 * @param folder Where groups are made, below the root of the hierarchy, such as `obelisk`: one that holds no process of its own.
 * @returns null where the system doesn't let it
 */
export function detectControlGroups(folder: string, mount = "/sys/fs/cgroup"): ControlGroups | null {
  try {
    const hierarchy = existsSync(join(mount, "cgroup.controllers")) ? openUnified(mount, folder) : split(mount, folder);
    for (const parent of hierarchy.folders) {
      mkdirSync(parent, { recursive: true });
      removeLeftovers(parent);
    }
    const groups: ControlGroups = {
      measure: "memory, processor time and threads limited by control group",
      create: (name, limits) => createGroup(hierarchy, name, limits),
    };
    const probe = groups.create("probe", { memoryBytes: 64 * 1024 * 1024, cpuCores: 1 });
    const [command, ...args] = [...probe.prefix, "true"];
    const { status } = spawnSync(command as string, args, { timeout: 5_000, stdio: "ignore" });
    probe.remove();
    return status === 0 ? groups : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

/** In version 2 a group hands controllers on to its children only where it is told to. */
function openUnified(mount: string, folder: string): Hierarchy {
  let parent = mount;
  for (const name of folder.split("/").filter(Boolean)) {
    writeFileSync(join(parent, "cgroup.subtree_control"), "+cpu +memory +pids");
    parent = join(parent, name);
    mkdirSync(parent, { recursive: true });
  }
  writeFileSync(join(parent, "cgroup.subtree_control"), "+cpu +memory +pids");
  return unified(parent);
}

function createGroup({ folders, settings, memoryEvents }: Hierarchy, name: string, limits: Limits): ControlGroup {
  if (!/^\w+$/.test(name)) throw new Error("a control group's name holds only letters, digits and underscores");
  const own = folders.map((folder) => join(folder, `${name}.${process.pid}`));
  const remove = () => {
    for (const path of own) removeGroup(path);
  };
  try {
    for (const path of own) mkdirSync(path, { recursive: true });
    for (const [file, value] of settings(limits)) {
      const path = fileIn(own, file);
      if (path === null) throw Object.assign(new Error(`the control group has no ${file}`), { code: "ENOENT" });
      writeFileSync(path, value);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const killed = () => {
    const file = fileIn(own, memoryEvents);
    return Number(file === null ? 0 : (/^oom_kill (\d+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0));
  };
  // A group that couldn't be removed yet is used again, with what it has counted.
  const before = killed();
  const enter = own.map((path) => `echo $$ > '${join(path, "cgroup.procs")}'`).join(" && ");
  return {
    prefix: ["sh", "-c", `${enter} && exec "$@"`, "sh"],
    ranOutOfMemory: () => killed() > before,
    remove,
  };
}

function fileIn(folders: readonly string[], file: string): string | null {
  return folders.map((folder) => join(folder, file)).find((path) => existsSync(path)) ?? null;
}

/** Groups end in the process id of the worker that made them: those of a worker that was killed go. */
function removeLeftovers(parent: string): void {
  for (const entry of readdirSync(parent, { withFileTypes: true })) {
    const worker = /\.(\d+)$/.exec(entry.name)?.[1];
    if (entry.isDirectory() && worker && !existsSync(`/proc/${worker}`)) removeGroup(join(parent, entry.name));
  }
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Still held by a process that is on its way out, or gone already.
    if (code !== "EBUSY" && code !== "ENOENT") throw error;
  }
}
