import { BoundedMap } from "../../kernel/bounded-map.ts";
import type { Platform } from "../../kernel/context.ts";

const remembered = 20_000;

/** Subjects whose window is used up, remembered in this process: refusing them again costs no look at the database. */
export class UsedUpWindows {
  /** When the window ends, in milliseconds since 1970. */
  readonly #ends = new WeakMap<Platform, BoundedMap<number>>();

  /** Whole seconds until the subject's window ends; null where it isn't known to be used up. */
  secondsLeft(platform: Platform, subject: string): number | null {
    const now = Date.now();
    const end = this.#ends.get(platform)?.get(subject, now);
    return end === undefined ? null : Math.ceil((end - now) / 1000);
  }

  /** @param forSeconds How long to trust that; until the window's end unless told. */
  remember(platform: Platform, subject: string, resetSeconds: number, forSeconds: number = resetSeconds): void {
    const ends = this.#ends.get(platform) ?? new BoundedMap<number>(remembered);
    this.#ends.set(platform, ends);
    const now = Date.now();
    ends.set(subject, now + resetSeconds * 1000, now + Math.min(forSeconds, resetSeconds) * 1000);
  }

  forget(platform: Platform, subject: string): void {
    this.#ends.get(platform)?.delete(subject);
  }
}
