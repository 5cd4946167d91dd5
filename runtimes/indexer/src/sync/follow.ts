import { setTimeout as pause } from "node:timers/promises";
import type { Chain } from "../chain/chain.ts";
import { backOffMs } from "../chain/failover.ts";
import { RangeSizer } from "../chain/ranges.ts";
import { ChainMoved } from "../chain/types.ts";
import { FencedOut, UnworkableConfiguration } from "../exit.ts";
import type { IndexerConfig } from "../launch.ts";
import { errorText, log } from "../log.ts";
import type { Cursor, Store } from "../store/store.ts";
import { chunksUpTo } from "./pipeline.ts";
import { type Progress, starting } from "./progress.ts";
import { findFork } from "./reorg.ts";
import { StorageBound } from "./storage-bound.ts";

/** A head below the cursor is looked into after this long: until then it is most likely a node a few blocks behind the others. */
const shorterChainGraceMs = 3_000;
const leaseCheckMs = 2_000;
const headRefreshMs = 2_000;
const restingPollMs = 1_000;
const restingAfterMs = 30_000;

export interface FollowOptions {
  config: IndexerConfig;
  chain: Chain;
  store: Store;
  progress: Progress;
  /** Told how long each write took, in seconds. */
  onWrite: (seconds: number) => void;
}

/** Keeps the store in step with the chain: one loop, which fetches what is missing, undoes what was reorganized away, and waits. */
export class Follower {
  readonly #options: FollowOptions;
  readonly #signal: AbortSignal;
  readonly #sizer = new RangeSizer();
  readonly #storage: StorageBound;
  readonly #start: Cursor;
  #cursor: Cursor | null = null;
  #indexesBuilt = false;
  #genesisChecked = false;
  #shorterSince: number | null = null;
  #leaseCheckedAt = 0;
  #headMovedAt = 0;
  #headAskedAt = 0;

  constructor(options: FollowOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#storage = new StorageBound({ mostBytes: options.config.maxStorageBytes, measure: () => options.store.storedBytes() });
    this.#start = { number: Math.min(...options.config.contracts.map(({ startBlock }) => startBlock)) - 1, hash: null };
  }

  /**
   * Runs until the signal aborts. Failures of RPC and database are told in `progress` and tried again with growing pauses.
   * @throws FencedOut, UnworkableConfiguration: the two things no repetition mends.
   */
  async run(): Promise<void> {
    const { progress } = this.#options;
    for (let failures = 0; !this.#signal.aborted; ) {
      let wait: number;
      try {
        progress.problem = await this.#cycle();
        failures = 0;
        wait =
          Date.now() - this.#headMovedAt > restingAfterMs
            ? Math.max(restingPollMs, this.#options.config.pollIntervalMs)
            : this.#options.config.pollIntervalMs;
      } catch (error) {
        if (this.#signal.aborted) return;
        if (error instanceof FencedOut || error instanceof UnworkableConfiguration) throw error;
        // What the failed write did is unknown, so the cursor is read again.
        this.#cursor = null;
        failures++;
        wait = backOffMs(failures, Math.random());
        // One answer from before and one from after a new block is no fault worth a word.
        if (!(error instanceof ChainMoved) || failures > 3) {
          progress.problem = errorText(error);
          if (Number.isInteger(Math.log2(failures))) log("warn", "sync interrupted, will try again", { error: errorText(error), failures });
        }
      }
      await pause(wait, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  /** @returns what keeps the rows from following the chain; null where nothing does. */
  async #cycle(): Promise<string | null> {
    const { chain, store, progress } = this.#options;
    let cursor = this.#cursor ?? (await this.#loadCursor());
    this.#cursor = cursor;
    await this.#watchLease();
    const head = await chain.latest(this.#signal);
    this.#sawHead(head.number);
    await this.#checkGenesis();
    if (progress.problem === starting) progress.problem = null;

    if (head.number < cursor.number) return this.#headBelowCursor(cursor, head.number);
    this.#shorterSince = null;
    if (head.number === cursor.number) {
      if (cursor.hash !== null && head.hash !== cursor.hash) await this.#reorganized(cursor, head.number);
    } else {
      const reached = await this.#storage.reached();
      if (reached) {
        await this.#keepToChain(cursor, head.number);
        // What is there is to be queried all the same.
        if (cursor.hash !== null) await this.#buildIndexes("as much stored as may be");
        return reached;
      }
      for await (const chunk of chunksUpTo(
        {
          chain,
          tables: store.tables,
          contracts: this.#options.config.contracts,
          sizer: this.#sizer,
          reorgWindowBlocks: this.#options.config.reorgWindowBlocks,
        },
        cursor.number + 1,
        head.number,
        this.#signal,
      )) {
        if (cursor.hash !== null && chunk.parentHash !== cursor.hash) {
          await this.#reorganized(cursor, head.number);
          return null;
        }
        const started = performance.now();
        this.#storage.wrote(await store.append(chunk.tip, chunk.blocks, chunk.rows));
        this.#options.onWrite((performance.now() - started) / 1_000);
        this.#leaseCheckedAt = Date.now();
        cursor = chunk.tip;
        this.#cursor = cursor;
        progress.problem = null;
        progress.syncedBlock = cursor.number;
        progress.eventsStored += chunk.rows.logs;
        progress.undecoded += chunk.rows.undecoded;
        await this.#refreshHead();
        if (this.#signal.aborted) return null;
        const reached = await this.#storage.reached();
        if (reached) return reached;
      }
    }
    await this.#buildIndexes("caught up with the chain");
    return null;
  }

  /** Takes away what is no longer on the chain while no further block is read, which would tell. */
  async #keepToChain(cursor: Cursor, head: number): Promise<void> {
    if (cursor.hash === null) return;
    const [block] = await this.#options.chain.presentHeaders([cursor.number], this.#signal);
    if (block?.hash !== cursor.hash) await this.#reorganized(cursor, head);
  }

  async #loadCursor(): Promise<Cursor> {
    const { number, hash, indexesBuilt, undecoded } = await this.#options.store.sync();
    this.#indexesBuilt = indexesBuilt;
    this.#options.progress.undecoded = undecoded;
    this.#options.progress.syncedBlock = hash === null ? null : number;
    return { number, hash };
  }

  /** Asks for the head now and then during a backfill, which a failure doesn't end: it only tells how far there is to go. */
  async #refreshHead(): Promise<void> {
    if (Date.now() - this.#headAskedAt < headRefreshMs) return;
    this.#headAskedAt = Date.now();
    try {
      this.#sawHead((await this.#options.chain.latest(this.#signal)).number);
    } catch (error) {
      if (error instanceof UnworkableConfiguration) throw error;
      log("debug", "asking for the head failed", { error: errorText(error) });
    }
  }

  #sawHead(number: number): void {
    this.#headAskedAt = Date.now();
    if (number !== this.#options.progress.headBlock || this.#headMovedAt === 0) this.#headMovedAt = Date.now();
    this.#options.progress.headBlock = number;
  }

  /** Writing proves the lease; while there is nothing to write it is asked for now and then. */
  async #watchLease(): Promise<void> {
    if (Date.now() - this.#leaseCheckedAt < leaseCheckMs) return;
    await this.#options.store.assertLeaseHeld();
    this.#leaseCheckedAt = Date.now();
  }

  async #checkGenesis(): Promise<void> {
    if (this.#genesisChecked) return;
    const { chain, store } = this.#options;
    const [stored, actual] = [(await store.sync()).genesisHash, await chain.genesisHash(this.#signal)];
    if (actual !== null) {
      if (stored === null) await store.saveGenesis(actual);
      else if (stored !== actual) {
        throw new UnworkableConfiguration(
          `the chain was reset: its first block is ${actual}, the stored events are of a chain that began with ${stored}; create a new indexer`,
        );
      }
    }
    this.#genesisChecked = true;
  }

  /**
   * A head below the cursor is that of a chain that was reorganized or reset, or of nodes that are behind. The rows stay until a stored hash
   * contradicts the chain: nodes that are behind agree with every one they know, however far behind they are.
   * @returns that the chain is behind, once it has been for a while.
   */
  async #headBelowCursor(cursor: Cursor, head: number): Promise<string | null> {
    const { chain, store } = this.#options;
    // Before the start block there is nothing to undo.
    if (cursor.hash === null) return null;
    this.#shorterSince ??= Date.now();
    const highest = await chain.highestBlock(this.#signal);
    if (Date.now() - this.#shorterSince < shorterChainGraceMs) return null;
    const behind = `behind: the RPC's last block is ${head}, the rows reach block ${cursor.number}; nothing is removed unless its blocks turn out to be others`;
    if (highest !== null && highest >= cursor.number) return behind;
    const stored = await store.highestBlock(head);
    if (!stored) {
      // Nothing stored lies that low, so only the first block can tell another chain.
      await this.#checkIdentity();
      return behind;
    }
    const [actual] = await chain.presentHeaders([stored.number], this.#signal);
    if (actual?.hash === stored.hash) return behind;
    this.#shorterSince = null;
    await this.#reorganized(cursor, head);
    return null;
  }

  /** Nothing recent is left of the chain: it may be another one under the same URL. @throws UnworkableConfiguration where it is. */
  async #checkIdentity(): Promise<void> {
    this.#genesisChecked = false;
    this.#options.chain.distrust();
    await this.#options.chain.latest(this.#signal);
    await this.#checkGenesis();
  }

  async #reorganized(cursor: Cursor, head: number): Promise<void> {
    const { chain, store, progress } = this.#options;
    const fork = await findFork(chain, store, head, this.#start, this.#signal);
    if (fork.ancestor.number >= cursor.number) throw new ChainMoved(`nodes disagree on the block after ${cursor.number}`);
    if (fork.beyondWindow || fork.ancestor.hash === null) await this.#checkIdentity();
    const logs = await store.rewind(fork.ancestor);
    progress.reorganizations++;
    this.#cursor = fork.ancestor;
    progress.syncedBlock = fork.ancestor.hash === null ? null : fork.ancestor.number;
    progress.undecoded = (await store.sync()).undecoded;
    const fields = { from: cursor.number, to: fork.ancestor.number, depth: cursor.number - fork.ancestor.number, logsRemoved: logs };
    if (fork.beyondWindow) log("error", "reorganization deeper than the kept window: synchronizing again from the last safe block", fields);
    else log("warn", "reorganization: rows of the abandoned blocks removed", fields);
  }

  async #buildIndexes(why: string): Promise<void> {
    if (this.#indexesBuilt) return;
    const started = performance.now();
    await this.#options.store.buildIndexes();
    this.#indexesBuilt = true;
    log("info", `${why}; indexes built`, { seconds: Number(((performance.now() - started) / 1_000).toFixed(2)) });
  }
}
