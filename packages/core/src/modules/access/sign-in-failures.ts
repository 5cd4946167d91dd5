import { createHash } from "node:crypto";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { countRequest, uncountRequest } from "./request-window.ts";
import { UsedUpWindows } from "./used-up-windows.ts";

const usedUp = new UsedUpWindows();

/** How long to trust that an account is used up: a try that another process is still looking at may give its place back. */
const trustSeconds = 5;

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
  const wait = usedUp.secondsLeft(platform, subject);
  if (wait !== null) throw tooManyFailures(wait);
  const { used, windowStart, resetSeconds } = await countRequest(platform, subject, limit.windowSeconds);
  let failed = false;
  try {
    if (used > limit.requests) {
      usedUp.remember(platform, subject, resetSeconds, trustSeconds);
      throw tooManyFailures(resetSeconds);
    }
    const answer = await signIn();
    failed = answer.status === 401;
    if (!failed) usedUp.forget(platform, subject);
    return answer;
  } finally {
    if (!failed) await uncountRequest(platform, subject, windowStart);
  }
}

function tooManyFailures(retryAfterSeconds: number): ObeliskError {
  return new ObeliskError("rate_limited", "Too many failed sign-ins with this e-mail address. Wait, then try again.", {
    retryAfterSeconds,
  });
}
