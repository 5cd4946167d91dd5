import type { Holding } from "./answer-budget.ts";

interface Kept {
  question: string;
  answer: Buffer;
  holding: Holding;
}

/** The last answer about the schema, which is as large as the schema is: tools which all ask the same standard question share its bytes. */
export class Introspections {
  #kept: Kept | null = null;

  /** The kept answer to the very same question, held for one more. */
  kept(question: string): { bytes: Buffer; holding: Holding } | null {
    if (this.#kept?.question !== question) return null;
    return { bytes: this.#kept.answer, holding: this.#kept.holding.share() };
  }

  keep(question: string, answer: Buffer, holding: Holding): void {
    const before = this.#kept;
    this.#kept = { question, answer, holding: holding.share() };
    before?.holding.release();
  }
}
