import { createHash } from "node:crypto";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { countRequest, uncountRequest } from "./request-window.ts";

/**
 * Bounds the failed sign-ins of one account, wherever they come from. A try takes its place before the password is looked at, so that many at
 * once can't all slip through, and gives it back unless the password was wrong. Nothing tells whether the account exists.
 *
 * @param account The e-mail address as the caller wrote it.
 * @param browser Name of a browser that this account signed in from before, which is counted by itself.
 * @throws ObeliskError `rate_limited` once the window is used up, whatever the password
 */
export async function boundFailures(
  platform: Platform,
  { account, browser, limit }: { account: string; browser: string | null; limit: { requests: number; windowSeconds: number } },
  signIn: () => Promise<Response>,
): Promise<Response> {
  const subject = `sign-in:${createHash("sha256").update(account).digest("base64url")}${browser ? `:${browser}` : ""}`;
  const { used, windowStart, resetSeconds } = await countRequest(platform, subject, limit.windowSeconds);
  let failed = false;
  try {
    if (used > limit.requests) {
      throw new ObeliskError("rate_limited", "Too many failed sign-ins with this e-mail address. Wait, then try again.", {
        retryAfterSeconds: resetSeconds,
      });
    }
    const answer = await signIn();
    failed = answer.status === 401;
    return answer;
  } finally {
    if (!failed) await uncountRequest(platform, subject, windowStart);
  }
}
