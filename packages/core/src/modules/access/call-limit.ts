import { BoundedMap } from "../../kernel/bounded-map.ts";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { countRequest } from "./request-window.ts";

/** `costly` is what reaches out to other servers or reads much; everything else is `usual`. */
export type CallBound = "usual" | "costly";

/** Calls one person may make in a window of either kind; the two are counted apart. */
export type CallLimits = Record<CallBound, { requests: number; windowSeconds: number }>;

/** Subjects whose window is used up, until it ends: refusing them again costs no look at the database. */
const full = new WeakMap<Platform, BoundedMap<number>>();
const remembered = 20_000;

/**
 * Counts a call of a signed-in person. The count is exact across processes.
 * @throws ObeliskError `rate_limited` beyond the limit
 */
export async function countCall(platform: Platform, userId: string, bound: CallBound, limits: CallLimits): Promise<void> {
  const { requests, windowSeconds } = limits[bound];
  const subject = `${userId}:${bound}`;
  const memory = full.get(platform) ?? new BoundedMap(remembered);
  full.set(platform, memory);
  const now = Date.now();
  const until = memory.get(subject, now);
  if (until !== undefined) throw tooMany(requests, windowSeconds, Math.ceil((until - now) / 1000));
  const { used, resetSeconds } = await countRequest(platform, subject, windowSeconds);
  if (used >= requests) {
    const end = Date.now() + resetSeconds * 1000;
    memory.set(subject, end, end);
  }
  if (used > requests) throw tooMany(requests, windowSeconds, resetSeconds);
}

function tooMany(requests: number, windowSeconds: number, waitSeconds: number): ObeliskError {
  const detail = `You have made ${requests} such calls within ${windowSeconds} s, as many as one person may. Wait ${waitSeconds} s, then try again.`;
  return new ObeliskError("rate_limited", detail, { retryAfterSeconds: waitSeconds });
}
