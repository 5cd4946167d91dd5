/** The problem of a program that has not heard from its chain yet. */
export const starting = "starting";

/** What the program knows of its own standing: written by the sync loop, read by health, metrics and the API. */
export class Progress {
  /** Last block whose logs are all stored; null before there is one. */
  syncedBlock: number | null = null;
  /** Last block of the chain as far as seen. */
  headBlock: number | null = null;
  /** What is wrong, in a sentence; null while nothing is. */
  problem: string | null = starting;
  /** Whether the schema stands and the loop has begun: from then on queries can be answered. */
  ready = false;
  eventsStored = 0;
  undecoded = 0;
  reorganizations = 0;
  rpcErrors = 0;

  /** Blocks between head and synced block; null while either is unknown. */
  get lagBlocks(): number | null {
    if (this.headBlock === null || this.syncedBlock === null) return null;
    return Math.max(0, this.headBlock - this.syncedBlock);
  }
}
