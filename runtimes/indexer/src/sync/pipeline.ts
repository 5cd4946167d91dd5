import type { Chain } from "../chain/chain.ts";
import type { RangeSizer } from "../chain/ranges.ts";
import { RangeRefused, RpcRefused, RpcUnavailable } from "../chain/refusals.ts";
import type { IndexerConfig } from "../launch.ts";
import type { Tables } from "../store/tables.ts";
import { type Chunk, fetchChunk, fetchHeavyBlock, scopeAt } from "./fetch.ts";

/** Chunks under way or waiting: with `wantedLogs` of `ranges.ts` this bounds the memory of a backfill. */
const prefetched = 3;

/** In the window every block's header is fetched, blooms and all. */
const widestWindowSpan = 200;

export interface PipelineOptions {
  chain: Chain;
  tables: Tables;
  contracts: IndexerConfig["contracts"];
  sizer: RangeSizer;
  reorgWindowBlocks: number;
}

interface Planned {
  to: number;
  chunk: Promise<Chunk>;
}

/** Fetches `from` to `head` in order, some chunks ahead of the consumer, who writes one while the next are under way. */
export async function* chunksUpTo(options: PipelineOptions, from: number, head: number, signal: AbortSignal): AsyncGenerator<Chunk> {
  let queue: Planned[] = [];
  let next = from;
  let ahead = new AbortController();
  try {
    for (;;) {
      while (queue.length < prefetched && next <= head) {
        const planned = plan(options, next, head, AbortSignal.any([signal, ahead.signal]));
        queue.push(planned);
        next = planned.to + 1;
      }
      const first = queue.shift();
      if (!first) return;
      const chunk = await first.chunk;
      if (chunk.to < first.to) {
        // The node wanted less than was planned, so everything planned behind it is too large and starts too late.
        ahead.abort();
        ahead = new AbortController();
        queue = [];
        next = chunk.to + 1;
      }
      yield chunk;
    }
  } finally {
    ahead.abort();
  }
}

function plan(options: PipelineOptions, from: number, head: number, signal: AbortSignal): Planned {
  const lastDeep = head - options.reorgWindowBlocks;
  const deep = from <= lastDeep;
  const { scope, until } = scopeAt(options.contracts, from);
  const span = deep ? options.sizer.span : Math.min(options.sizer.span, widestWindowSpan);
  const to = Math.min(from + span - 1, until, deep ? lastDeep : head);
  const fetch = async (): Promise<Chunk> => {
    for (let end = to; ; ) {
      const started = performance.now();
      try {
        const chunk = await fetchChunk(options.chain, options.tables, scope, from, end, deep, signal);
        options.sizer.answered(end - from + 1, chunk.rows.logs, performance.now() - started);
        return chunk;
      } catch (error) {
        if (!(error instanceof RangeRefused)) {
          // Not every node says that a range is too large: some run out of time, some answer an error of their own.
          if (end > from && (error instanceof RpcRefused || (error instanceof RpcUnavailable && error.timedOut)))
            options.sizer.refused(end - from + 1);
          throw error;
        }
        if (end === from) return await fetchHeavyBlock(options.chain, options.tables, scope, from, signal);
        options.sizer.refused(end - from + 1);
        end = from + Math.max(1, Math.floor((end - from + 1) / 2)) - 1;
      }
    }
  };
  const chunk = fetch();
  // Whoever shifts it from the queue sees the failure; one that is dropped fails unseen, as it should.
  chunk.catch(() => undefined);
  return { to, chunk };
}
