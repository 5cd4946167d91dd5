import type { Failure } from "./policy.ts";

/** How a program ended. */
export interface ExitReason {
  code: number | null;
  signal: string | null;
  /** The system ended it because it took more memory than it may. */
  outOfMemory?: boolean;
}

/** Exit codes of the runtime protocol. */
const runtimeExit = { stopped: 0, unworkable: 64, fenced: 77, outdated: 78 } as const;

export interface RestartLimits {
  firstDelayMs: number;
  longestDelayMs: number;
  /** A program that ran this long is stable: the next crash counts as the first. */
  stableMs: number;
  /** This many crashes within the window end the attempts. */
  crashes: number;
  windowMs: number;
  /** Crashes in a row before the program was ever ready that end the attempts. */
  crashesBeforeReady: number;
}

export const restartLimits: RestartLimits = {
  firstDelayMs: 1_000,
  longestDelayMs: 60_000,
  stableMs: 60_000,
  crashes: 8,
  windowMs: 10 * 60_000,
  crashesBeforeReady: 4,
};

export interface CrashHistory {
  /** Instants of crashes within the window, oldest first. */
  crashes: readonly number[];
  /** Crashes since the program was last stable. */
  consecutive: number;
  /** Whether it was ever ready under this charge. */
  wasReady: boolean;
}

export const noCrashes: CrashHistory = { crashes: [], consecutive: 0, wasReady: false };

/** `release`: another one is in charge. `leave`: this worker can't run it now, another may. `fail`: nobody can. */
export type AfterExit =
  | { act: "release" }
  | { act: "leave"; failure: Failure }
  | { act: "fail"; failure: Failure }
  | { act: "restart"; delayMs: number; history: CrashHistory };

/** `exit code 1`, `signal SIGTERM`, `signal SIGKILL: it took more memory than it may`. */
export function describeExit(exit: ExitReason): string {
  if (exit.outOfMemory) return `signal ${exit.signal ?? "SIGKILL"}: it took more memory than it may`;
  if (exit.signal) return `signal ${exit.signal}${exit.signal === "SIGKILL" ? " (out of memory, or killed from outside)" : ""}`;
  return `exit code ${exit.code ?? "unknown"}`;
}

/**
 * What to do once a program has ended that nobody asked to end.
 * @param startedAt when it started; @param now both in milliseconds since 1970.
 * @param lastLines the last it wrote, for the failure's message.
 */
export function afterExit(
  exit: ExitReason,
  history: CrashHistory,
  startedAt: number,
  now: number,
  lastLines: readonly string[],
  limits: RestartLimits = restartLimits,
): AfterExit {
  if (exit.code === runtimeExit.fenced) return { act: "release" };
  if (exit.code === runtimeExit.outdated) {
    return { act: "leave", failure: { code: "program_outdated", message: withLines(outdated, lastLines) } };
  }
  if (exit.code === runtimeExit.unworkable) {
    return {
      act: "fail",
      failure: { code: "configuration_invalid", message: withLines("The program can't work with this configuration", lastLines) },
    };
  }
  const crashes = [...history.crashes.filter((at) => at > now - limits.windowMs), now];
  const consecutive = now - startedAt >= limits.stableMs ? 1 : history.consecutive + 1;
  if (!history.wasReady && consecutive >= limits.crashesBeforeReady) {
    const message = `The program ended ${consecutive} times before it answered, last with ${describeExit(exit)}`;
    return { act: "fail", failure: { code: "start_failed", message: withLines(message, lastLines) } };
  }
  if (crashes.length >= limits.crashes) {
    const message = `The program crashed ${crashes.length} times within ${Math.round(limits.windowMs / 60_000)} minutes, last with ${describeExit(exit)}`;
    return { act: "fail", failure: { code: "crash_loop", message: withLines(message, lastLines) } };
  }
  const delayMs = Math.min(limits.longestDelayMs, limits.firstDelayMs * 2 ** (consecutive - 1));
  return { act: "restart", delayMs, history: { crashes, consecutive, wasReady: history.wasReady } };
}

const outdated =
  "The program on this worker's host is older than the one that made the deployment's tables. Install the newer build of Obelisk there";

/** Characters of a failure's message at most. */
const messageLimit = 4_000;

const linesFollow = ". Its last lines:\n";

/** A failure's message without the program's lines, for where the message itself stands beside it. */
export function withoutLines(message: string): string {
  const end = message.indexOf(linesFollow);
  return end < 0 ? message : `${message.slice(0, end)}.`;
}

/** A sentence, and the last lines the program wrote. */
export function withLines(sentence: string, lines: readonly string[]): string {
  const kept: string[] = [];
  let length = sentence.length + 20;
  for (const line of [...lines].reverse()) {
    length += line.length + 1;
    if (length > messageLimit) break;
    kept.unshift(line);
  }
  return kept.length > 0 ? `${sentence}${linesFollow}${kept.join("\n")}` : `${sentence}. It wrote nothing.`;
}
