import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The user a program runs as. */
export interface SystemUser {
  uid: number;
  gid: number;
}

export interface Command {
  program: string;
  args: readonly string[];
  /** The whole environment of the program; nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** Another user than this process's; only root can give one. */
  user?: SystemUser | null;
  /**
   * How the program notices that this process died without stopping it.
   * `{ signal }`: the kernel sends it the signal (Linux with util-linux; elsewhere the next start finds the orphan).
   * `lifeline`: a Node program that stops when its standard input, a pipe from this process, closes.
   */
  tether: { signal: "INT" | "TERM" | "KILL" } | "lifeline";
}

/** Starts the command in a session of its own, so that a terminal's Ctrl-C reaches only this process, which stops things in order. */
export function launch(command: Command): ChildProcess {
  const { program, args } = tethered(command);
  return spawn(program, args, {
    detached: true,
    env: command.env,
    stdio: [command.tether === "lifeline" ? "pipe" : "ignore", "pipe", "pipe"],
    ...(command.cwd ? { cwd: command.cwd } : {}),
    ...(command.user && !setpriv() ? command.user : {}),
  });
}

/** The program and arguments that run the command as its user and tie its life to this process. */
export function tethered(command: Pick<Command, "program" | "args" | "user" | "tether">): { program: string; args: string[] } {
  if (command.tether === "lifeline") {
    const lifeline = pathToFileURL(fileURLToPath(new URL("./lifeline.ts", import.meta.url))).href;
    return { program: command.program, args: ["--import", lifeline, ...command.args] };
  }
  const wrapper = setpriv();
  if (!wrapper) return { program: command.program, args: [...command.args] };
  const { user } = command;
  const identity = user ? ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"] : [];
  return { program: wrapper, args: [...identity, "--pdeathsig", command.tether.signal, "--", command.program, ...command.args] };
}

let found: string | null | undefined;

/** util-linux's setpriv; null where there is none or only one without `--pdeathsig` (BusyBox, macOS). */
function setpriv(): string | null {
  if (found !== undefined) return found;
  const candidate = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  const works = candidate && spawnSync(candidate, ["--pdeathsig", "TERM", "--", "/bin/true"], { stdio: "ignore" }).status === 0;
  found = works ? candidate : null;
  return found;
}
