import { type ChainAdapter, type ChainEndpoint, type ChainProbe, evmAdapter } from "@obelisk/chains";

const adapters: ReadonlyMap<string, ChainAdapter> = new Map([evmAdapter()].map((adapter) => [adapter.family, adapter]));

/** The adapter of a family; undefined for one this build doesn't speak. */
export function chainAdapter(family: string): ChainAdapter | undefined {
  return adapters.get(family);
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

/** @throws ChainError */
export function probeChain(adapter: ChainAdapter, endpoint: ChainEndpoint): Promise<ChainProbe> {
  return once(`probe ${keyOf(adapter.family, endpoint)}`, good.probe, () => adapter.probe(endpoint));
}

/** Which of the addresses hold no code. @throws ChainError */
export async function addressesWithoutCode(
  adapter: ChainAdapter,
  endpoint: ChainEndpoint,
  addresses: readonly string[],
): Promise<string[]> {
  const key = (address: string) => `code ${keyOf(adapter.family, endpoint)} ${address}`;
  const now = Date.now();
  const unknown = addresses.filter((address) => (kept.get(key(address))?.until ?? 0) <= now);
  if (unknown.length === 0) return [];
  const found = await once(`codes ${keyOf(adapter.family, endpoint)} ${unknown.join(" ")}`, good.failure, () =>
    adapter.hasCode(endpoint, unknown),
  );
  return unknown.filter((address, index) => {
    if (found[index]) void once(key(address), good.code, async () => true);
    return !found[index];
  });
}
