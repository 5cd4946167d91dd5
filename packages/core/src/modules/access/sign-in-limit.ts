import { createHash } from "node:crypto";
import type { Platform } from "../../kernel/context.ts";
import { countRequest } from "./request-window.ts";

interface Limiter {
  consume(key: string, rule: { window: number; max: number }): Promise<{ allowed: boolean; retryAfter: number | null }>;
}

/** Counts tries in the database, so that the limit holds across server processes. Addresses are kept as hashes only. */
export function signInLimiter(platform: Platform): Limiter {
  return {
    async consume(key, { window, max }) {
      const subject = `auth:${createHash("sha256").update(key).digest("base64url")}`;
      const { used, resetSeconds } = await countRequest(platform, subject, window);
      return used <= max ? { allowed: true, retryAfter: null } : { allowed: false, retryAfter: resetSeconds };
    },
  };
}
