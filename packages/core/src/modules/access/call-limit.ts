import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { countRequest } from "./request-window.ts";
import { UsedUpWindows } from "./used-up-windows.ts";

/** `costly` is what reaches out to other servers or reads much; everything else is `usual`. */
export type CallBound = "usual" | "costly";

/** Calls one person may make in a window of either kind; the two are counted apart. */
export type CallLimits = Record<CallBound, { requests: number; windowSeconds: number }>;

const usedUp = new UsedUpWindows();

/**
 * Counts a call of a signed-in person. The count is exact across processes.
 * @throws ObeliskError `rate_limited` beyond the limit
 */
export async function countCall(platform: Platform, userId: string, bound: CallBound, limits: CallLimits): Promise<void> {
  const { requests, windowSeconds } = limits[bound];
  const subject = `${userId}:${bound}`;
  const wait = usedUp.secondsLeft(platform, subject);
  if (wait !== null) throw tooMany(requests, windowSeconds, wait);
  const { used, resetSeconds } = await countRequest(platform, subject, windowSeconds);
  if (used >= requests) usedUp.remember(platform, subject, resetSeconds);
  if (used > requests) throw tooMany(requests, windowSeconds, resetSeconds);
}

function tooMany(requests: number, windowSeconds: number, waitSeconds: number): ObeliskError {
  const detail = `You have made ${requests} such calls within ${windowSeconds} s, as many as one person may. Wait ${waitSeconds} s, then try again.`;
  return new ObeliskError("rate_limited", detail, { retryAfterSeconds: waitSeconds });
}
