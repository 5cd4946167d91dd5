import type { Platform } from "@obelisk/core/kernel/context";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import { type AuthenticatedKey, authenticateKey, type RateState, type RateSurface, type Repeatable } from "@obelisk/core/modules/api-keys";
import { rateLimited } from "../metrics.ts";

/**
 * The token of a request, from `authorization: Bearer` or `x-api-key`.
 * @throws ObeliskError `invalid_api_key` for none, for another scheme, and for two that differ.
 */
export function tokenOf(header: (name: string) => string | undefined): string {
  const authorization = header("authorization");
  const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) {
    throw new ObeliskError("invalid_api_key", "The authorization header is not of the form Bearer obk_….");
  }
  const own = header("x-api-key")?.trim() || undefined;
  if (bearer !== undefined && own !== undefined && bearer !== own) {
    throw new ObeliskError("invalid_api_key", "authorization and x-api-key hold different keys. Send one of them.");
  }
  const token = bearer ?? own;
  if (token === undefined) throw new ObeliskError("invalid_api_key", "Send an API key as Authorization: Bearer obk_… or x-api-key.");
  return token;
}

/** Recognizes the caller; over the limit the state is given too, so that the refusal can tell it. */
export async function callerOf(
  platform: Platform,
  token: string,
  ip: string | null,
  surface: RateSurface = "api",
  repeatable: Repeatable | null = null,
): Promise<{ key: AuthenticatedKey; refusal: ObeliskError | null }> {
  const key = await authenticateKey(platform, token, { ip, surface, repeatable });
  if (!key.limited) return { key, refusal: null };
  rateLimited.inc();
  const { limit, resetSeconds } = key.rate;
  const detail = `This key has made ${limit} requests in its window of ${platform.settings.rateLimit.windowSeconds} s. Wait ${resetSeconds} s.`;
  return { key, refusal: new ObeliskError("rate_limited", detail, { retryAfterSeconds: resetSeconds }) };
}

/** The headers that tell how much of the window is left. */
export function rateHeaders(rate: RateState): Record<string, string> {
  return {
    "x-ratelimit-limit": String(rate.limit),
    "x-ratelimit-remaining": String(rate.remaining),
    "x-ratelimit-reset": String(rate.resetSeconds),
    "x-ratelimit-reset-at": rate.resetAt.toISOString(),
  };
}

/** What a caller without a valid key is told: the configured limit, of which nothing was counted. */
export function uncountedRate(platform: Platform): RateState {
  const { requests, windowSeconds } = platform.settings.rateLimit;
  const now = Date.now();
  const end = (Math.floor(now / 1000 / windowSeconds) + 1) * windowSeconds * 1000;
  return { limit: requests, remaining: requests, resetSeconds: Math.max(1, Math.ceil((end - now) / 1000)), resetAt: new Date(end) };
}
