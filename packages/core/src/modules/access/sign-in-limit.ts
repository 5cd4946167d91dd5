import { createHash } from "node:crypto";
import { callerNetwork } from "../../kernel/caller-network.ts";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { countRequest } from "./request-window.ts";
import { UsedUpWindows } from "./used-up-windows.ts";

const usedUp = new UsedUpWindows();

/**
 * Counts a try of signing in or up, both together, against the caller's address. Counted in the database, so that the limit holds across
 * server processes; addresses are kept as hashes only.
 * @throws ObeliskError `rate_limited` beyond the limit
 */
export async function countTry(platform: Platform, ip: string | null, limit: { requests: number; windowSeconds: number }): Promise<void> {
  const subject = `auth:${createHash("sha256").update(callerNetwork(ip)).digest("base64url")}`;
  const wait = usedUp.secondsLeft(platform, subject);
  if (wait !== null) throw tooMany(wait);
  const { used, resetSeconds } = await countRequest(platform, subject, limit.windowSeconds);
  if (used >= limit.requests) usedUp.remember(platform, subject, resetSeconds);
  if (used > limit.requests) throw tooMany(resetSeconds);
}

function tooMany(retryAfterSeconds: number): ObeliskError {
  return new ObeliskError("rate_limited", "Too many tries of signing in or up from your address. Wait, then try again.", {
    retryAfterSeconds,
  });
}
