import { type ChainAdapter, type ChainEndpoint, type ChainProbe, evmAdapter } from "@obelisk/chains";
import { Turns } from "../../kernel/turns.ts";

const adapters: ReadonlyMap<string, ChainAdapter> = new Map([evmAdapter()].map((adapter) => [adapter.family, adapter]));

/** The adapter of a family; undefined for one this build doesn't speak. */
export function chainAdapter(family: string): ChainAdapter | undefined {
  return adapters.get(family);
}

/** Questions under way to nodes that tenants named, of one organization and of all: a node may hold each up and answer with a megabyte. */
const mostUnderWay = { each: 16, together: 64 };
const tooMany = "Too many checks of RPC URLs are under way. Try again in a moment.";
const each = new Turns(mostUnderWay.each, tooMany);
const together = new Turns(mostUnderWay.together, tooMany);

/** Whose node is asked: an organization's own, or null for the operator's, which is trusted not to hold others up. */
export type NodeOwner = string | null;

/** Takes a turn for a question; call what it returns when it is answered. @throws ObeliskError `rate_limited` where too many are under way */
function takeTurn(owner: NodeOwner): () => void {
  if (owner === null) return () => undefined;
  const over = each.take(owner);
  try {
    const allOver = together.take("");
    return () => {
      over();
      allOver();
    };
  } catch (error) {
    over();
    throw error;
  }
}

/** How long an answer is good for, in milliseconds. A failure is asked again soon; code, once there, stays. */
const good = { probe: 5_000, failure: 1_000, code: 60_000 };

/** Answers kept at most. */
const mostAnswers = 2_000;

interface Kept {
  until: number;
  answer: Promise<unknown>;
}

const kept = new Map<string, Kept>();

/**
 * Asks once for all who ask the same within a short time: a burst of creations on one node costs it one question. The key holds the
 * whole URL with its credentials, so an answer is shared only among those who know it. That there was no turn for asking is no answer.
 * @throws as `takeTurn`
 */
async function once<Answer>(key: string, goodForMs: number, owner: NodeOwner, ask: () => Promise<Answer>): Promise<Answer> {
  const now = Date.now();
  const known = kept.get(key);
  if (known && known.until > now) return known.answer as Promise<Answer>;
  const over = takeTurn(owner);
  if (kept.size >= mostAnswers) kept.clear();
  const entry: Kept = { until: now + goodForMs, answer: ask().finally(over) };
  kept.set(key, entry);
  entry.answer.catch(() => {
    entry.until = Math.min(entry.until, Date.now() + good.failure);
  });
  return entry.answer as Promise<Answer>;
}

function keyOf(family: string, endpoint: ChainEndpoint): string {
  return JSON.stringify([family, endpoint.rpcUrls, endpoint.allowPrivateTargets]);
}

/** @throws ChainError; ObeliskError `rate_limited` where too many questions to tenants' nodes are under way */
export function probeChain(adapter: ChainAdapter, endpoint: ChainEndpoint, owner: NodeOwner): Promise<ChainProbe> {
  return once(`probe ${keyOf(adapter.family, endpoint)}`, good.probe, owner, () => adapter.probe(endpoint));
}

/** Which of the addresses hold no code. @throws as `probeChain` */
export async function addressesWithoutCode(
  adapter: ChainAdapter,
  endpoint: ChainEndpoint,
  addresses: readonly string[],
  owner: NodeOwner,
): Promise<string[]> {
  const key = (address: string) => `code ${keyOf(adapter.family, endpoint)} ${address}`;
  const now = Date.now();
  const unknown = addresses.filter((address) => (kept.get(key(address))?.until ?? 0) <= now);
  if (unknown.length === 0) return [];
  const found = await once(`codes ${keyOf(adapter.family, endpoint)} ${unknown.join(" ")}`, good.failure, owner, () =>
    adapter.hasCode(endpoint, unknown),
  );
  return unknown.filter((address, index) => {
    if (found[index]) void once(key(address), good.code, null, async () => true);
    return !found[index];
  });
}
