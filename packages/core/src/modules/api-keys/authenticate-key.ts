import type { ApiKeyScope } from "@obelisk/schemas/access";
import { BoundedMap } from "../../kernel/bounded-map.ts";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { hashToken } from "../../kernel/secrets.ts";
import { secondsLeft } from "../../kernel/window.ts";
import type { KeptAnswer } from "../idempotency/index.ts";
import { Guesses } from "./guesses.ts";
import { type FoundKey, lookUpKey, noteUse, type Repeatable } from "./look-up.ts";
import { isToken } from "./token.ts";

/** What is left of a key's window. */
export interface RateState {
  limit: number;
  remaining: number;
  /** Whole seconds until the window ends. */
  resetSeconds: number;
  resetAt: Date;
}

export interface AuthenticatedKey {
  key: { id: string; name: string };
  organizationId: string;
  scopes: readonly ApiKeyScope[];
  rate: RateState;
  /** The window is used up: refuse the request. */
  limited: boolean;
  /** What this request was answered before, where it is a repetition. */
  answered: KeptAnswer | null;
}

/** What a process remembers of the tokens it saw. Everything here is bounded, and losing it costs a look-up. */
interface Memory {
  /** Tokens whose window of a surface is used up, until it ends. */
  limited: BoundedMap<Omit<AuthenticatedKey, "rate" | "limited" | "answered"> & { resetAt: number }>;
  guesses: Guesses;
  /** Tokens that were found revoked or expired, which none comes back from: a program that still sends one costs a look-up a minute. */
  ended: BoundedMap<"revoked" | "expired">;
  /** Keys whose use was noted in the last minute. */
  noted: BoundedMap<true>;
}

/** What a key's requests are counted against: each surface has a window of its own. */
export type RateSurface = "api" | "endpoint";

/** An endpoint answers queries of applications, the API those of automation: it allows this many times as much. */
const endpointFactor = 10;

/** Requests a key may make of a surface in one window. */
function limitOf(platform: Platform, surface: RateSurface): number {
  const { requests } = platform.settings.rateLimit;
  return surface === "endpoint" ? requests * endpointFactor : requests;
}

const memories = new WeakMap<Platform, Memory>();
const remembered = 20_000;
const minute = 60_000;

function memoryOf(platform: Platform): Memory {
  const known = memories.get(platform);
  if (known) return known;
  const memory: Memory = {
    limited: new BoundedMap(remembered),
    guesses: new Guesses(),
    ended: new BoundedMap(remembered),
    noted: new BoundedMap(remembered),
  };
  memories.set(platform, memory);
  return memory;
}

/**
 * Recognizes an API key and counts the request against its limit, in one round trip; in none for a text that can't be a token, for
 * a key known to be over its limit, and for one known to have ended. The count is exact across processes.
 *
 * @throws ObeliskError `invalid_api_key`, `expired_api_key`, `revoked_api_key`; `rate_limited` for an address that tries too many
 *   unknown tokens.
 */
export async function authenticateKey(
  platform: Platform,
  token: string,
  caller: { ip: string | null; surface?: RateSurface; repeatable?: Repeatable | null },
): Promise<AuthenticatedKey> {
  if (!isToken(token)) throw unknownKey();
  const memory = memoryOf(platform);
  const hash = hashToken(token);
  const name = hash.toString("base64");
  const surface = caller.surface ?? "api";
  const now = Date.now();
  const limited = memory.limited.get(`${surface}:${name}`, now);
  if (limited) return { ...limited, rate: rateAt(limitOf(platform, surface), limited.resetAt, now), limited: true, answered: null };
  const ended = memory.ended.get(name, now);
  if (ended) throw endedKey(ended);
  const found = await memory.guesses.lookUp(name, caller.ip, () => lookUpKey(platform, hash, surface, caller.repeatable ?? null));
  if (!found) throw unknownKey();
  if (found.state !== "usable") {
    memory.ended.set(name, found.state, now + minute);
    throw endedKey(found.state);
  }
  noteUseLater(platform, memory, found, caller.ip, now);
  return accept(platform, memory, found, surface, name, now);
}

function accept(platform: Platform, memory: Memory, found: FoundKey, surface: RateSurface, name: string, now: number): AuthenticatedKey {
  const { windowSeconds } = platform.settings.rateLimit;
  const requests = limitOf(platform, surface);
  const used = found.used ?? 1;
  const resetSeconds = secondsLeft(found.windowStart ?? Math.floor(found.epoch), windowSeconds, found.epoch);
  const identity = { key: { id: found.id, name: found.name }, organizationId: found.organizationId, scopes: found.scopes as ApiKeyScope[] };
  const resetAt = ((found.windowStart ?? found.epoch) + windowSeconds) * 1000;
  if (used >= requests) {
    // This process's clock may differ from the database's: the end is reckoned from now.
    const until = now + Math.max(0, (found.windowStart ?? 0) + windowSeconds - found.epoch) * 1000;
    memory.limited.set(`${surface}:${name}`, { ...identity, resetAt: until }, until);
  }
  return {
    ...identity,
    rate: { limit: requests, remaining: Math.max(0, requests - used), resetSeconds, resetAt: new Date(resetAt) },
    limited: used > requests,
    answered: found.answered,
  };
}

function rateAt(limit: number, resetAt: number, now: number): RateState {
  return {
    limit,
    remaining: 0,
    resetSeconds: Math.max(1, Math.ceil((resetAt - now) / 1000)),
    resetAt: new Date(resetAt),
  };
}

function noteUseLater(platform: Platform, memory: Memory, found: FoundKey, ip: string | null, now: number): void {
  if (memory.noted.get(found.id, now)) return;
  memory.noted.set(found.id, true, now + minute);
  if (found.lastUsedAt && found.epoch * 1000 - found.lastUsedAt.getTime() < minute) return;
  noteUse(platform, found.id, ip).catch((error: unknown) =>
    platform.logger.warn({ err: error, keyId: found.id }, "could not note the use of a key"),
  );
}

function endedKey(state: "revoked" | "expired"): ObeliskError {
  return state === "revoked"
    ? new ObeliskError("revoked_api_key", "This API key was revoked. Use another one.")
    : new ObeliskError("expired_api_key", "This API key has expired. Create or rotate one in the dashboard.");
}

function unknownKey(): ObeliskError {
  return new ObeliskError(
    "invalid_api_key",
    "This is not an API key of this platform. Send one as Authorization: Bearer obk_… or x-api-key.",
  );
}
