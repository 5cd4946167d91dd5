/** Small, since nothing is known yet of how many logs a block holds; it grows fourfold with each answer. */
const firstSpan = 4;
const widestSpan = 100_000;
const slowMs = 5_000;

/** Logs a request should bring: enough that its fixed cost vanishes, few enough that several fit in memory. */
const wantedLogs = 5_000;

/** Successes in a row after which a learned limit is tried again. */
const successesBeforeRaise = 20;

/**
 * How many blocks the next request for logs should span. Grows where logs are few and answers fast, shrinks where they are many or slow, and
 * remembers what the node refused.
 */
export class RangeSizer {
  #span = firstSpan;
  #ceiling = widestSpan;
  #successes = 0;

  /** Blocks the next request should span; at least 1. */
  get span(): number {
    return this.#span;
  }

  /** A request was answered: `span` blocks held `logs` logs and took `ms` milliseconds. */
  answered(span: number, logs: number, ms: number): void {
    if (++this.#successes >= successesBeforeRaise && this.#ceiling < widestSpan) {
      this.#ceiling = Math.min(widestSpan, this.#ceiling * 2);
      this.#successes = 0;
    }
    const fitting = logs === 0 ? span * 4 : Math.floor((span * wantedLogs) / logs);
    // A step of at most 4 each way: logs are rarely spread evenly.
    const next = ms > slowMs ? Math.min(fitting, Math.floor(span / 2)) : Math.min(fitting, span * 4);
    this.#span = bounded(Math.max(next, Math.floor(span / 4)), this.#ceiling);
  }

  /** A request over `span` blocks was refused or timed out. */
  refused(span: number): void {
    this.#successes = 0;
    this.#ceiling = bounded(Math.floor(span / 2), this.#ceiling);
    this.#span = bounded(Math.min(this.#span, this.#ceiling), this.#ceiling);
  }
}

function bounded(span: number, ceiling: number): number {
  return Math.max(1, Math.min(span, ceiling));
}
