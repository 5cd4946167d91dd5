import type { Health } from "@obelisk/schemas/deployments";
import type { HealthReport } from "./health-check.ts";

/** Times in milliseconds. */
export const healthTimes = {
  pollMs: 2_500,
  /** Between polls of a program that hasn't answered yet. */
  firstPollMs: 200,
  /** A changed number alone is written this often. */
  writeMs: 10_000,
  /** Without an answer this long it counts as unreachable, */
  unreachableMs: 6_000,
  /** and this long it is ended and started again. */
  hungMs: 30_000,
  /** A program may say this long that it is starting; from then on it counts as degraded. */
  settleMs: 6_000,
  /** A start without an answer this long is ended. */
  startMs: 45_000,
};

/** Whether the new health is worth a write: at once when its meaning changed, else now and then. */
export function worthWriting(written: Health | null, next: Health): boolean {
  if (!written) return true;
  if (written.status !== next.status || written.message !== next.message) return true;
  if (hasCaughtUp(written, next)) return true;
  return Date.parse(next.checkedAt) - Date.parse(written.checkedAt) >= healthTimes.writeMs;
}

/** Blocks behind the head that anything in step may be for a moment. */
const inStepBlocks = 2;

/** Somebody watches a new program until it is in step: that is told when it happens. */
function hasCaughtUp(written: Health, next: Health): boolean {
  const behind = ({ lagBlocks }: Health) => lagBlocks === null || lagBlocks > inStepBlocks;
  return behind(written) && !behind(next);
}

/** Milliseconds until the next poll: often until a new program has its first block, since somebody waits for it. */
export function pollDelay(hasProgress: boolean, runningMs: number): number {
  return hasProgress || runningMs > healthTimes.startMs ? healthTimes.pollMs : healthTimes.firstPollMs;
}

/** Whether a program has nothing to tell yet: what was known before its start stays true for that long. */
export function isSettling({ status }: HealthReport, runningMs: number): boolean {
  return status === "starting" && runningMs < healthTimes.settleMs;
}

/** A program's own report as health. */
export function fromReport(report: HealthReport, now: Date): Health {
  const healthy = report.status === "healthy";
  const message = healthy ? null : (report.message ?? `The program reports that it is ${report.status}.`);
  return { ...report, status: healthy ? "healthy" : "degraded", message, checkedAt: now.toISOString() };
}

/** Health of a program that gives no report: its last numbers stay, the reason is new. */
export function unreachable(last: Health | null, message: string, now: Date): Health {
  return {
    status: "unreachable",
    message,
    syncedBlock: last?.syncedBlock ?? null,
    headBlock: last?.headBlock ?? null,
    lagBlocks: last?.lagBlocks ?? null,
    checkedAt: now.toISOString(),
  };
}

export type Silence = "wait" | "unreachable" | "hung";

/** What to make of a program that answered before and doesn't now. Both in milliseconds since 1970. */
export function judgeSilence(lastAnswerAt: number, now: number): Silence {
  const silentMs = now - lastAnswerAt;
  if (silentMs >= healthTimes.hungMs) return "hung";
  return silentMs >= healthTimes.unreachableMs ? "unreachable" : "wait";
}
