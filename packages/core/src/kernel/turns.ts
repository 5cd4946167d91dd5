import { ObeliskError } from "./errors.ts";

/** Bounds how much of something goes on at a time, by name. Nobody waits: who finds it full is told to come back. */
export class Turns {
  readonly #limit: number;
  readonly #refusal: string;
  readonly #taken = new Map<string, number>();

  /** @param refusal What the one too many is told. */
  constructor(limit: number, refusal: string) {
    this.#limit = limit;
    this.#refusal = refusal;
  }

  /**
   * Takes a turn; call what it returns when it is over, once or more often.
   * @throws ObeliskError `rate_limited` when as many are taken as there may be
   */
  take(name: string): () => void {
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= this.#limit) {
      throw new ObeliskError("rate_limited", this.#refusal, { retryAfterSeconds: 1 });
    }
    this.#taken.set(name, taken + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const left = (this.#taken.get(name) ?? 1) - 1;
      if (left > 0) this.#taken.set(name, left);
      else this.#taken.delete(name);
    };
  }
}
