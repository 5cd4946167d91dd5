/** How old a measured size may be, in milliseconds. */
const measureEveryMs = 60_000;

export interface StorageBoundOptions {
  /** Bytes that the deployment's tables and indexes may take; null for any number. */
  mostBytes: number | null;
  /** Asks the database how many they take. */
  measure: () => Promise<number>;
  /** Milliseconds of any clock that only goes forward. */
  now?: () => number;
}

/** Whether a deployment's data has reached its bound. The size is asked for once a minute, and sooner where what was written since may have reached it. */
export class StorageBound {
  readonly #options: StorageBoundOptions;
  #bytes = 0;
  #written = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(options: StorageBoundOptions) {
    this.#options = options;
  }

  /** Rows of so many bytes were written. */
  wrote(bytes: number): void {
    this.#written += bytes;
  }

  /** @returns why nothing more may be stored, with the remedy; null where there is room. */
  async reached(): Promise<string | null> {
    const { mostBytes, measure, now = Date.now } = this.#options;
    if (mostBytes === null) return null;
    const mayBeFull = this.#written > 0 && this.#bytes + this.#written >= mostBytes;
    if (mayBeFull || now() - this.#measuredAt >= measureEveryMs) {
      this.#bytes = await measure();
      this.#written = 0;
      this.#measuredAt = now();
    }
    if (this.#bytes < mostBytes) return null;
    return `the storage limit is reached: the data takes ${inMebibytes(this.#bytes)}, RUNTIME_MAX_STORAGE allows ${inMebibytes(mostBytes)}, so no further block is read. Queries are answered. It goes on once the operator raises the limit; an indexer with fewer contracts or a later start block needs less`;
  }
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024).toLocaleString("en")} MiB`;
}
