import { Problem } from "./problem.ts";

const atOnce = 2;

/**
 * Answers about the schema, which are as large as the schema is: at most two are made or on their way to a caller at a time, and the last
 * one is kept, so that tools which all ask the same standard question share its bytes.
 */
export class Introspections {
  #open = 0;
  #kept: { question: string; answer: Buffer } | null = null;

  /** The kept answer to the very same question. */
  kept(question: string): Buffer | null {
    return this.#kept?.question === question ? this.#kept.answer : null;
  }

  keep(question: string, answer: Buffer): void {
    this.#kept = { question, answer };
  }

  /**
   * Takes one of the two places.
   * @returns gives the place back; to be called once the answer is sent or its caller is gone.
   * @throws Problem 429 while both are taken.
   */
  enter(): () => void {
    if (this.#open >= atOnce)
      throw new Problem(429, "rate_limited", `${atOnce} questions about the schema are being answered already: try again in a second`);
    this.#open++;
    let left = false;
    return () => {
      if (!left) this.#open--;
      left = true;
    };
  }
}
