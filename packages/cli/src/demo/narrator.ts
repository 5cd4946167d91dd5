import { duration } from "../output.ts";

/** Tells the demo step by step, each with what came of it and how long it took. */
export class Narrator {
  readonly #write: (line: string) => void;
  readonly #begun = performance.now();
  #number = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** Runs a step; `tell` says what came of it in a few words. A step that throws is told and stops the demo. */
  async step<Result>(title: string, work: () => Promise<Result>, tell: (result: Result) => string): Promise<Result> {
    this.#number += 1;
    const number = String(this.#number).padStart(2);
    const begun = performance.now();
    try {
      const result = await work();
      this.#write(`${number}  ${title.padEnd(34)} ${duration(performance.now() - begun).padStart(9)}  ${tell(result)}`);
      return result;
    } catch (error) {
      this.#write(`${number}  ${title.padEnd(34)} ${duration(performance.now() - begun).padStart(9)}  failed`);
      throw error;
    }
  }

  /** A line below the step under way. */
  detail(line: string): void {
    this.#write(`        ${line}`);
  }

  /** Time since the demo began. */
  elapsed(): string {
    return duration(performance.now() - this.#begun);
  }
}
