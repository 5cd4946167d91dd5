import { BoundedMap } from "../../kernel/bounded-map.ts";
import { callerNetwork } from "../../kernel/caller-network.ts";
import { ObeliskError } from "../../kernel/errors.ts";

const remembered = 20_000;
const minute = 60_000;
const provenFor = 10 * minute;

/** Unknown tokens one address may try a minute before look-ups for its unproven tokens stop: guessing must not load the database. */
export const failuresPerMinute = 60;

/** A token that is there, and whether it may be used. */
interface FoundToken {
  state: "usable" | "revoked" | "expired";
}

/**
 * Bounds the look-ups of tokens that may be guesses. An address has as many under way as it has failures left, and of one token a single
 * one until it is known to be there, so that tries at once are bounded as those one after another.
 */
export class Guesses {
  /** Failed look-ups of an address in the current minute. */
  readonly #failures = new BoundedMap<{ count: number; until: number }>(remembered);
  /** Tokens that were found usable lately: these are no guesses. */
  readonly #proven = new BoundedMap<true>(remembered);
  /** Look-ups of unproven tokens, by address and token. */
  readonly #underWay = new Map<string, Map<string, Promise<unknown>>>();

  /**
   * Looks a token up as soon as that doesn't exceed what its address may try.
   * @param name The token's hash.
   * @param lookUp Gives null for a token that isn't there.
   * @throws ObeliskError `rate_limited` for an address that tried too many unknown tokens; whatever the look-up of this token throws
   */
  async lookUp<Found extends FoundToken>(name: string, ip: string | null, lookUp: () => Promise<Found | null>): Promise<Found | null> {
    const address = callerNetwork(ip);
    while (!this.#proven.get(name, Date.now())) {
      const ahead = this.#ahead(address, name);
      if (!ahead) return this.#prove(name, address, lookUp());
      // How the look-up of another token fares is none of this one's business.
      await (ahead.name === name ? ahead.looking : ahead.looking.catch(() => undefined));
    }
    return this.#note(name, address, await lookUp());
  }

  /** Keeps the look-up where others see it, from before anything else runs until what came of it is noted. */
  async #prove<Found extends FoundToken>(name: string, address: string, looking: Promise<Found | null>): Promise<Found | null> {
    const all = this.#underWay.get(address) ?? new Map<string, Promise<unknown>>();
    this.#underWay.set(address, all.set(name, looking));
    try {
      return this.#note(name, address, await looking);
    } finally {
      all.delete(name);
      if (all.size === 0) this.#underWay.delete(address);
    }
  }

  #note<Found extends FoundToken>(name: string, address: string, found: Found | null): Found | null {
    const now = Date.now();
    if (found?.state === "usable") this.#proven.set(name, true, now + provenFor);
    else this.#proven.delete(name);
    if (found) return found;
    const failures = this.#failures.get(address, now);
    const until = failures?.until ?? now + minute;
    this.#failures.set(address, { count: (failures?.count ?? 0) + 1, until }, until);
    return null;
  }

  /** The look-up to wait for, since it may prove this token or leave room for it. @throws ObeliskError `rate_limited` */
  #ahead(address: string, name: string): { name: string; looking: Promise<unknown> } | undefined {
    const now = Date.now();
    const failures = this.#failures.get(address, now);
    if (failures && failures.count >= failuresPerMinute) {
      throw new ObeliskError("rate_limited", "Too many unknown API keys came from this address. Check the key, then try again later.", {
        retryAfterSeconds: Math.max(1, Math.ceil((failures.until - now) / 1000)),
      });
    }
    const underWay = this.#underWay.get(address);
    if (!underWay) return undefined;
    const own = underWay.get(name);
    if (own) return { name, looking: own };
    const [first] = underWay;
    const full = (failures?.count ?? 0) + underWay.size >= failuresPerMinute;
    return full && first ? { name: first[0], looking: first[1] } : undefined;
  }
}
