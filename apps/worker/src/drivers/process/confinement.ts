import { spawnSync } from "node:child_process";
import { type ControlGroups, detectControlGroups } from "./control-groups.ts";

/** What a program may use, put before its command line. */
export interface Confinement {
  /** Command and arguments to prefix, such as `prlimit --core=0 --`. */
  prefix: readonly string[];
  /** Who programs run as, and so who owns their directories; null for the worker's own user. */
  user: RuntimeUser | null;
  /** Limits of memory and processor time; null where the system gives none. */
  groups: ControlGroups | null;
  /** What holds, for the log. */
  measures: readonly string[];
}

export interface RuntimeUser {
  uid: number;
  gid: number;
}

export interface ConfinementOptions {
  /** Who programs are to run as. Undefined leaves the choice: as root a user that nobody else is, else the worker's own. */
  user?: RuntimeUser | undefined;
  /** Where control groups are made, below the root of their hierarchy; undefined makes them where root may. */
  groupFolder?: string | undefined;
  /** A file that a confined program must still be able to read: the program itself. */
  readable: string;
}

/** In the range that Debian's policy keeps free and systemd doesn't hand out: no file or process of the system is this user's. */
const unprivileged: RuntimeUser = { uid: 65_533, gid: 65_533 };

interface Measure {
  name: string;
  prefix: readonly string[];
}

const always: readonly Measure[] = [
  { name: "no core dumps, at most 4,096 files", prefix: ["prlimit", "--core=0", "--nofile=4096", "--"] },
  { name: "no new privileges, ends with the worker", prefix: ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"] },
];

const withoutCapabilities: Measure = { name: "no capabilities", prefix: ["setpriv", "--inh-caps", "-all", "--bounding-set", "-all"] };

const asUser = ({ uid, gid }: RuntimeUser): Measure => ({
  name: `runs as ${uid}:${gid}`,
  // The parent-death signal is cleared with a change of user: it is asked for again.
  prefix: ["setpriv", "--reuid", String(uid), "--regid", String(gid), "--clear-groups", "--bounding-set", "-all", "--pdeathsig", "KILL"],
});

/**
 * Finds out which measures this system gives: each is tried on a harmless command that reads the program's own file and starts its
 * runtime, and one that doesn't work is left out.
 * @throws Error when programs are to run as a user that can't: nothing is started with more rights than the operator has asked for
 */
export function detectConfinement({ user, groupFolder, readable }: ConfinementOptions): Confinement {
  const root = process.getuid?.() === 0;
  const prefix: string[] = [];
  const measures: string[] = [];
  const take = (measure: Measure): boolean => {
    const command = [...prefix, ...measure.prefix, "test", "-r", readable, "-a", "-x", process.execPath];
    const { status } = spawnSync(command[0] as string, command.slice(1), { timeout: 5_000, stdio: "ignore" });
    if (status !== 0) return false;
    prefix.push(...measure.prefix);
    measures.push(measure.name);
    return true;
  };
  for (const measure of always) take(measure);
  const wanted = root ? (user ?? unprivileged) : undefined;
  const taken = wanted !== undefined && take(asUser(wanted));
  if (user && !taken) {
    throw new Error(
      root
        ? `RUNTIME_USER: programs can't run as ${user.uid}:${user.gid}, which reaches neither ${readable} nor ${process.execPath}. Install Obelisk where that user may enter.`
        : "RUNTIME_USER: only root can run programs as another user. Leave it out, or start the worker as root.",
    );
  }
  if (root && !taken) take(withoutCapabilities);
  const groups = root || groupFolder !== undefined ? detectControlGroups(groupFolder ?? "obelisk") : null;
  if (groups) measures.push(groups.measure);
  return { prefix, user: taken ? (wanted ?? null) : null, groups, measures };
}
