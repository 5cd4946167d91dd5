import { createHash } from "node:crypto";
import type { Platform } from "../../kernel/context.ts";
import { countRequest } from "./request-window.ts";
import { UsedUpWindows } from "./used-up-windows.ts";

const usedUp = new UsedUpWindows();

export interface Limiter {
  consume(key: string, rule: { window: number; max: number }): Promise<{ allowed: boolean; retryAfter: number | null }>;
}

/** Counts tries in the database, so that the limit holds across server processes. Addresses are kept as hashes only. */
export function signInLimiter(platform: Platform): Limiter {
  return {
    async consume(key, { window, max }) {
      const subject = `auth:${createHash("sha256").update(key).digest("base64url")}`;
      const wait = usedUp.secondsLeft(platform, subject);
      if (wait !== null) return { allowed: false, retryAfter: wait };
      const { used, resetSeconds } = await countRequest(platform, subject, window);
      if (used >= max) usedUp.remember(platform, subject, resetSeconds);
      return used <= max ? { allowed: true, retryAfter: null } : { allowed: false, retryAfter: resetSeconds };
    },
  };
}
