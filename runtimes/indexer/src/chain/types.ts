/** A block's header, as far as the indexer needs it. */
export interface Header {
  number: number;
  hash: string;
  parentHash: string;
  /** Unix seconds. */
  timestamp: number;
  /** 2048 bits as hex with 0x; null where the chain gives none that means anything. */
  bloom: string | null;
}

/** The chain changed between two answers, or they came from nodes that disagree: what was read is thrown away and read again. */
export class ChainMoved extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ChainMoved";
  }
}
