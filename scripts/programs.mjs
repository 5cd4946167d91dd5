// Running other programs.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** A signal that comes twice within this many milliseconds is one: a terminal sends it to everybody, and npm passes it on once more. */
const sameSignal = 500;

/** Preloaded into a program under Node 24: ends it when the pipe on its standard input closes. */
export const lifeline = new URL("../packages/embedded/src/lifeline.ts", import.meta.url).href;

/**
 * Runs a program quietly. Its standard input is a pipe that closes when this process ends, however it ends.
 * @throws with its last lines when it fails.
 */
export function runQuietly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
    child.stdin.on("error", () => undefined);
    let tail = "";
    const keep = (piece) => {
      tail = (tail + piece).slice(-6_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(tail);
      else reject(new Error(`${[program, ...args].join(" ")} failed (${signal ?? `status ${code}`}):\n${tail.trim()}`));
    });
  });
}

/**
 * Runs a program in front of the person and gives its exit status. It has a session of its own, so that a Ctrl-C reaches it
 * once, from here, and not also from the terminal and from npm; a pipe on its standard input tells it when this process is killed.
 */
export function runInFront(program, args, { env, tethered = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, detached: true, stdio: [tethered ? "pipe" : "ignore", "inherit", "inherit"] });
    child.stdin?.on("error", () => undefined);
    const last = {};
    const pass = (signal) => {
      const now = performance.now();
      if (now - (last[signal] ?? Number.NEGATIVE_INFINITY) < sameSignal) return;
      last[signal] = now;
      // All of it: a test runner has workers. `up`, tethered, stops its children itself, in order.
      if (child.pid) tethered ? child.kill(signal) : killGroup(child.pid, signal);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => pass(signal));
    // Where npm was killed instead of asked, nobody passes anything on.
    const ancestors = npmAbove();
    const orphaned = setInterval(() => ancestors !== npmAbove() && pass("SIGTERM"), 1_000);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearInterval(orphaned);
      resolve(signal ? 128 + (signalNumbers[signal] ?? 0) : (code ?? 1));
    });
  });
}

/** Who started this under npm: npm itself, or a shell that npm started. Changes once one of them is gone. */
function npmAbove() {
  if (!process.env.npm_lifecycle_event) return "";
  const stat = `/proc/${process.ppid}/stat`;
  const fields = existsSync(stat)
    ? readFileSync(stat, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
    : [];
  return `${process.ppid} ${fields[1] ?? ""}`;
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
