import { spawnSync } from "node:child_process";

/** What a program may use, put before its command line. */
export interface Confinement {
  /** Command and arguments to prefix, such as `prlimit --core=0 --`. */
  prefix: readonly string[];
  /** What holds, for the log. */
  measures: readonly string[];
}

export interface ConfinementOptions {
  /** `uid:gid` to run programs as; only root can. */
  user: string | null;
  /** A file that a confined program must still be able to read: the program itself. */
  readable: string;
}

interface Measure {
  name: string;
  prefix: readonly string[];
}

/** Limits a process may have: no core dumps (they hold secrets), a bounded number of files, no new privileges, no capabilities. */
function candidates({ user }: ConfinementOptions): Measure[] {
  const root = process.getuid?.() === 0;
  const [uid, gid] = user?.split(":") ?? [];
  return [
    { name: "no core dumps, at most 4,096 files", prefix: ["prlimit", "--core=0", "--nofile=4096", "--"] },
    { name: "no new privileges, ends with the worker", prefix: ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"] },
    ...(root && uid && gid
      ? [{ name: `runs as ${uid}:${gid}`, prefix: ["setpriv", "--reuid", uid, "--regid", gid, "--clear-groups"] }]
      : []),
    ...(root && !uid ? [{ name: "no capabilities", prefix: ["setpriv", "--inh-caps", "-all", "--bounding-set", "-all"] }] : []),
  ];
}

/**
 * Finds out which measures this system gives: each is tried on a harmless command that reads the program's own file, and one that
 * doesn't work is left out.
 */
export function detectConfinement(options: ConfinementOptions): Confinement {
  const prefix: string[] = [];
  const measures: string[] = [];
  for (const measure of candidates(options)) {
    const [command, ...args] = [...prefix, ...measure.prefix, "test", "-r", options.readable];
    const { status } = spawnSync(command as string, args, { timeout: 5_000, stdio: "ignore" });
    if (status !== 0) continue;
    prefix.push(...measure.prefix);
    measures.push(measure.name);
  }
  return { prefix, measures };
}
