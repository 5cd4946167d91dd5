import { Problem } from "./problem.ts";

/** What all answers that wait for slow callers may take of a program that has 512 MiB. */
const budgetBytes = 64 * 1024 * 1024;

/** Answers up to this size aren't counted: the server's 256 connections bound them, and slow readers of large ones must not keep them away. */
const smallBytes = 128 * 1024;

/** Bounds the bytes of all answers that are written and not yet sent: whoever reads slowly, or not at all, holds memory. */
export class AnswerBudget {
  #free = budgetBytes;

  /**
   * Takes bytes for an answer, for one holder.
   * @throws Problem 429 where too much is on its way to others.
   */
  take(bytes: number): Holding {
    const holding = new Holding((more) => {
      if (more > this.#free)
        throw new Problem(429, "rate_limited", "large answers are on their way to others: try again in a second, or ask for less");
      this.#free -= more;
    });
    holding.resize(bytes);
    return holding;
  }
}

/** What one answer takes of the budget, until the last who needs its bytes has released them. */
export class Holding {
  #bytes = 0;
  #holders = 1;
  readonly #spend: (more: number) => void;

  /** @param spend takes more bytes of the budget, or gives them back where it is less than 0. */
  constructor(spend: (more: number) => void) {
    this.#spend = spend;
  }

  /** Says how large the answer is, once that is known. @throws Problem 429 as `AnswerBudget.take` */
  resize(bytes: number): void {
    const counted = bytes <= smallBytes ? 0 : bytes;
    this.#spend(counted - this.#bytes);
    this.#bytes = counted;
  }

  /** One more needs the bytes, and has to release them as well. */
  share(): this {
    this.#holders++;
    return this;
  }

  /** To be called once by each holder. */
  release(): void {
    if (--this.#holders === 0) this.resize(0);
  }
}
