import { setTimeout as pause } from "node:timers/promises";
import type { egressAgent } from "@obelisk/egress";
import { UnworkableConfiguration } from "../exit.ts";
import { errorText, log } from "../log.ts";
import { readQuantity } from "./answers.ts";
import { Endpoint, type ExchangeBounds, type RpcCall } from "./endpoint.ts";
import { RangeRefused, RpcUnavailable } from "./refusals.ts";

const firstBackOffMs = 250;
const longestBackOffMs = 15_000;

/** Bytes of an answer that is one number. */
const quantityBytes = 64 * 1024;

/**
 * Time until a failed endpoint is asked again, in milliseconds: doubling, with jitter so that many indexers don't return at once.
 * @param random a number in [0, 1).
 */
export function backOffMs(failures: number, random: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2);
}

type QuantityBounds = Omit<ExchangeBounds, "maxResponseBytes">;

/** Several endpoints of one chain, asked in order of preference: a failed one rests, and is preferred again once it has recovered. */
export class Failover {
  readonly #endpoints: Endpoint[];
  readonly #chainId: number;
  readonly #onError: () => void;
  #wrongChain = new Map<Endpoint, number>();

  constructor(urls: readonly string[], agent: ReturnType<typeof egressAgent>, chainId: number, onError: () => void) {
    this.#endpoints = urls.map((url) => new Endpoint(url, agent));
    this.#chainId = chainId;
    this.#onError = onError;
  }

  /**
   * Asks the first endpoint that answers usably, each at most twice.
   * @param read turns the results into a value; what it throws counts as a failure of the endpoint.
   * @throws the last error where every endpoint failed; UnworkableConfiguration where all serve another chain.
   */
  async ask<T>(calls: readonly RpcCall[], bounds: ExchangeBounds, read: (results: unknown[]) => T): Promise<T> {
    return this.#attempt(bounds, async (endpoint) => read(await endpoint.ask(calls, bounds)));
  }

  /** As `ask`, for one call whose answer is read from its bytes, see `Endpoint.askBytes`. @throws RangeRefused at once: less can be asked for. */
  async askBytes<T>(call: RpcCall, bounds: ExchangeBounds, read: (answer: Buffer) => T | null): Promise<T> {
    return this.#attempt(bounds, (endpoint) => endpoint.askBytes(call, bounds, read));
  }

  async #attempt<T>(bounds: ExchangeBounds, exchange: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    let last: unknown = new RpcUnavailable("no RPC endpoint was asked");
    for (let attempt = 0; attempt < this.#endpoints.length * 2; attempt++) {
      const endpoint = await this.#next(bounds.signal);
      try {
        if (!endpoint.verified) await this.#verify(endpoint, bounds);
        const value = await exchange(endpoint);
        endpoint.failures = 0;
        endpoint.retryAt = 0;
        return value;
      } catch (error) {
        if (bounds.signal?.aborted || error instanceof RangeRefused || error instanceof UnworkableConfiguration) throw error;
        this.#failed(endpoint, error);
        last = error;
      }
    }
    throw last;
  }

  /** The highest block number that any endpoint knows; null where none answers. */
  async highestBlock(bounds: QuantityBounds): Promise<number | null> {
    const numbers = await Promise.allSettled(this.#endpoints.map((endpoint) => this.#quantity(endpoint, "eth_blockNumber", bounds)));
    const known = numbers.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    return known.length > 0 ? Math.max(...known) : null;
  }

  /** Has every endpoint tell its chain id again before its next use. */
  distrust(): void {
    for (const endpoint of this.#endpoints) endpoint.verified = false;
  }

  async #next(signal: AbortSignal | undefined): Promise<Endpoint> {
    const now = Date.now();
    const ready = this.#endpoints.find((endpoint) => endpoint.retryAt <= now);
    if (ready) return ready;
    const soonest = this.#endpoints.reduce((a, b) => (a.retryAt <= b.retryAt ? a : b));
    await pause(soonest.retryAt - now, undefined, signal ? { signal } : {});
    return soonest;
  }

  async #quantity(endpoint: Endpoint, method: string, bounds: QuantityBounds): Promise<number> {
    const [answer] = await endpoint.ask([{ method, params: [] }], { ...bounds, maxResponseBytes: quantityBytes });
    return readQuantity(answer, method);
  }

  async #verify(endpoint: Endpoint, bounds: ExchangeBounds): Promise<void> {
    const chainId = await this.#quantity(endpoint, "eth_chainId", bounds);
    if (chainId === this.#chainId) {
      endpoint.verified = true;
      this.#wrongChain.delete(endpoint);
      return;
    }
    this.#wrongChain.set(endpoint, chainId);
    if (this.#wrongChain.size === this.#endpoints.length) {
      throw new UnworkableConfiguration(
        `config.chainId is ${this.#chainId}, but ${this.#endpoints.map((one) => `${one.label} serves chain ${this.#wrongChain.get(one)}`).join(", ")}: correct the chain or the RPC URL`,
      );
    }
    endpoint.failures = 10;
    throw new RpcUnavailable(`${endpoint.label} serves chain ${chainId}, not ${this.#chainId}`);
  }

  #failed(endpoint: Endpoint, error: unknown): void {
    endpoint.failures++;
    endpoint.verified = false;
    endpoint.retryAt = Date.now() + backOffMs(endpoint.failures, Math.random());
    this.#onError();
    // The first failure and then every doubling: an endpoint that is down for a day must not fill the log.
    if (Number.isInteger(Math.log2(endpoint.failures))) {
      log("warn", "RPC request failed", { endpoint: endpoint.label, failures: endpoint.failures, error: errorText(error) });
    }
  }
}
