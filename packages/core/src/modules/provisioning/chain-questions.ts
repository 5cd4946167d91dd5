import { type ChainAdapter, type ChainEndpoint, type ChainProbe, evmAdapter } from "@obelisk/chains";
import { Turns } from "../../kernel/turns.ts";

const adapters: ReadonlyMap<string, ChainAdapter> = new Map([evmAdapter()].map((adapter) => [adapter.family, adapter]));

/** The adapter of a family; undefined for one this build doesn't speak. */
export function chainAdapter(family: string): ChainAdapter | undefined {
  return adapters.get(family);
}

/** Questions under way to nodes that tenants named, of one organization and of all: a node may hold each up and answer with a megabyte. */
const mostUnderWay = { each: 8, together: 32 };
const tooMany = "Too many checks of RPC URLs are under way. Try again in a moment.";
const each = new Turns(mostUnderWay.each, tooMany);
const together = new Turns(mostUnderWay.together, tooMany);

/** Runs a question to a node that an organization named. @throws ObeliskError `rate_limited` where too many are under way */
async function inTurn<Answer>(organizationId: string, ask: () => Promise<Answer>): Promise<Answer> {
  const over = each.take(organizationId);
  try {
    const allOver = together.take("");
    return await ask().finally(allOver);
  } finally {
    over();
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
 * whole URL with its credentials, so an answer is shared only among those who know it.
 */
function once<Answer>(key: string, goodForMs: number, ask: () => Promise<Answer>): Promise<Answer> {
  const now = Date.now();
  const known = kept.get(key);
  if (known && known.until > now) return known.answer as Promise<Answer>;
  if (kept.size >= mostAnswers) kept.clear();
  const entry: Kept = { until: now + goodForMs, answer: ask() };
  kept.set(key, entry);
  entry.answer.catch(() => {
    entry.until = Math.min(entry.until, Date.now() + good.failure);
  });
  return entry.answer as Promise<Answer>;
}

function keyOf(family: string, endpoint: ChainEndpoint): string {
  return JSON.stringify([family, endpoint.rpcUrls, endpoint.allowPrivateTargets]);
}

/** Whose node is asked: an organization's own, or null for the operator's, which is trusted not to hold others up. */
export type NodeOwner = string | null;

/** @throws ChainError; ObeliskError `rate_limited` where too many questions to tenants' nodes are under way */
export function probeChain(adapter: ChainAdapter, endpoint: ChainEndpoint, owner: NodeOwner): Promise<ChainProbe> {
  const ask = () => adapter.probe(endpoint);
  return once(`probe ${keyOf(adapter.family, endpoint)}`, good.probe, () => (owner === null ? ask() : inTurn(owner, ask)));
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
  const ask = () => adapter.hasCode(endpoint, unknown);
  const found = await once(`codes ${keyOf(adapter.family, endpoint)} ${unknown.join(" ")}`, good.failure, () =>
    owner === null ? ask() : inTurn(owner, ask),
  );
  return unknown.filter((address, index) => {
    if (found[index]) void once(key(address), good.code, async () => true);
    return !found[index];
  });
}
