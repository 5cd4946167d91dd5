import type { Chain } from "../chain/chain.ts";
import type { Cursor, Store } from "../store/store.ts";

const blocksPerLook = 64;
const deepestSteps = 40;

/** Where a reorganized chain and the stored rows part. */
export interface Fork {
  /** The last block both have; the cursor before the first block where they have none. */
  ancestor: Cursor;
  /** Whether the ancestor lies below the window of kept hashes. */
  beyondWindow: boolean;
}

/**
 * Finds the last stored block that is still on the chain: among the kept hashes first; below them by the hashes in the raw logs, in widening
 * steps; and where none of those holds, the start.
 * @param head number of the chain's last block: it may lie below the cursor.
 * @param start the cursor a deployment begins with.
 * @throws ChainMoved where a node lacks a block up to the head: what it doesn't know says nothing against the rows.
 */
export async function findFork(chain: Chain, store: Store, head: number, start: Cursor, signal: AbortSignal): Promise<Fork> {
  let below = head;
  let lowest = head + 1;
  for (;;) {
    const kept = await store.keptBlocks(below, blocksPerLook);
    if (kept.length === 0) break;
    const headers = await chain.presentHeaders(
      kept.map(({ number }) => number),
      signal,
    );
    const match = kept.find(({ hash }, i) => headers[i]?.hash === hash);
    if (match) return { ancestor: match, beyondWindow: false };
    lowest = kept.at(-1)?.number ?? lowest;
    below = lowest - 1;
  }
  const bottom = await store.loggedBlock(Math.max(lowest - 1, start.number));
  // Kept hashes that reach down to the first log leave nothing below that could be wrong.
  if (!bottom) return { ancestor: start, beyondWindow: false };
  for (let step = 0, candidate: typeof bottom | null = bottom; candidate && step < deepestSteps; step++) {
    const [header] = await chain.presentHeaders([candidate.number], signal);
    if (header?.hash === candidate.hash) return { ancestor: candidate, beyondWindow: true };
    candidate = await store.loggedBlock(candidate.number - 2 ** step);
  }
  return { ancestor: start, beyondWindow: true };
}
