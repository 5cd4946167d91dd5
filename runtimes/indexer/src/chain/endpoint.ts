import { EgressFailed, type EgressResponse, type egressAgent, egressFetch } from "@obelisk/egress";
import { passingBuffers } from "../buffer-pool.ts";
import { publicUrl } from "../log.ts";
import { MalformedAnswer } from "./answers.ts";
import { RangeRefused, RpcRefused, RpcUnavailable, refusalKind } from "./refusals.ts";

export interface RpcCall {
  method: string;
  params: unknown[];
}

export interface ExchangeBounds {
  timeoutMs: number;
  maxResponseBytes: number;
  signal?: AbortSignal | undefined;
}

const parallelSingles = 4;

/** After which a node that refused a batch is asked one again: not every refusal was about batches. */
const singlesForMs = 10 * 60_000;

/** One JSON-RPC node. It knows its own health; whom to ask next is `failover.ts`'s matter. */
export class Endpoint {
  /** Origin of the URL: all that may be shown of it. */
  readonly label: string;
  /** Time (ms) before which it should not be asked, after failures. */
  retryAt = 0;
  failures = 0;
  /** Whether its chain id was seen to be the expected one since it last failed. */
  verified = false;
  readonly #url: string;
  readonly #agent: ReturnType<typeof egressAgent>;
  /** Time (ms) until which it is asked one by one. */
  #singlesUntil = 0;

  constructor(url: string, agent: ReturnType<typeof egressAgent>) {
    this.#url = url;
    this.#agent = agent;
    this.label = publicUrl(url);
  }

  /**
   * Asks several calls in one exchange, one by one where the node takes no batches.
   * @returns the results in the order of the calls.
   * @throws RangeRefused, RpcRefused (the first refused call decides), RpcUnavailable for everything below JSON-RPC.
   */
  async ask(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[]> {
    if (calls.length === 1 || Date.now() < this.#singlesUntil) return this.#askSingly(calls, bounds);
    const answer = await this.#post(calls.map(envelope), bounds);
    if (!Array.isArray(answer)) {
      // About rates and ranges it says the same of single calls, and is then to be left alone or asked for less.
      this.#refuseLimit(answer);
      this.#singlesUntil = Date.now() + singlesForMs;
      return this.#askSingly(calls, bounds);
    }
    const byId = new Map(answer.map((one: unknown) => [(one as { id?: unknown } | null)?.id, one]));
    return calls.map((_, id) => this.#result(byId.get(id)));
  }

  /**
   * Asks one call whose answer is too large to be parsed into objects.
   * @param read gets the answer's bytes as they came, until it returns; null where they don't hold what was asked, which is then looked into.
   * @throws as `ask`, and MalformedAnswer where the answer is no refusal either.
   */
  async askBytes<T>(call: RpcCall, bounds: ExchangeBounds, read: (answer: Buffer) => T | null): Promise<T> {
    let buffer: Buffer | null = null;
    const allocate = (bytes: number): Buffer => {
      buffer = passingBuffers.take(bytes);
      return buffer;
    };
    const answer = await this.#exchange(envelope(call, 0), bounds, allocate);
    try {
      const value = answer.status < 400 ? read(answer.body) : null;
      if (value !== null) return value;
      this.#result(this.#parsed(answer));
      throw new MalformedAnswer(`${call.method} was answered with something else`);
    } finally {
      if (buffer) passingBuffers.giveBack(buffer);
    }
  }

  async #askSingly(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let start = 0; start < calls.length; start += parallelSingles) {
      const group = calls.slice(start, start + parallelSingles);
      results.push(...(await Promise.all(group.map(async (call, i) => this.#result(await this.#post(envelope(call, start + i), bounds))))));
    }
    return results;
  }

  async #post(body: unknown, bounds: ExchangeBounds): Promise<unknown> {
    return this.#parsed(await this.#exchange(body, bounds));
  }

  #parsed({ status, body }: EgressResponse): unknown {
    // Nodes put JSON-RPC errors under HTTP 4xx as well; a 429 or 5xx is about the node, not the query.
    if (status === 429 || status >= 500) throw new RpcUnavailable(`${this.label} answered HTTP ${status}`);
    const parsed = parse(body);
    if (parsed === undefined) throw new RpcUnavailable(`${this.label} answered HTTP ${status} without JSON`);
    return parsed;
  }

  async #exchange(
    body: unknown,
    bounds: ExchangeBounds,
    allocate: (bytes: number) => Buffer = Buffer.allocUnsafe,
  ): Promise<EgressResponse> {
    try {
      const answer = await egressFetch(this.#url, {
        agent: this.#agent,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        timeoutMs: bounds.timeoutMs,
        maxResponseBytes: bounds.maxResponseBytes,
        allocate,
        ...(bounds.signal ? { signal: bounds.signal } : {}),
      });
      if (answer.status === 413) throw new RangeRefused(`${this.label} answered HTTP 413`);
      return answer;
    } catch (error) {
      if (error instanceof EgressFailed) {
        if (error.code === "too_large") throw new RangeRefused(error.message);
        throw new RpcUnavailable(error.message, { cause: error, timedOut: error.code === "timeout" });
      }
      if (error instanceof RangeRefused) throw error;
      throw new RpcUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  #result(answer: unknown): unknown {
    if (typeof answer !== "object" || answer === null) throw new MalformedAnswer(`${this.label} left a call unanswered`);
    const refusal = this.#refuseLimit(answer);
    if (refusal) throw new RpcRefused(this.label, refusal.code, refusal.message);
    return (answer as { result?: unknown }).result;
  }

  /** The error in an answer; null where there is none. @throws RangeRefused, RpcUnavailable where it is about ranges or rates. */
  #refuseLimit(answer: unknown): { code: number; message: string } | null {
    const { error = null } = (answer ?? {}) as { error?: { code?: unknown; message?: unknown } | null };
    if (error === null) return null;
    const message = typeof error.message === "string" ? error.message : "no message";
    const code = typeof error.code === "number" ? error.code : 0;
    const kind = refusalKind(code, message);
    if (kind === "range") throw new RangeRefused(`${this.label} answered error ${code}: ${message.slice(0, 200)}`);
    if (kind === "rate") throw new RpcUnavailable(`${this.label} limits the rate of requests: ${message.slice(0, 200)}`);
    return { code, message };
  }
}

function envelope(call: RpcCall, id: number): object {
  return { jsonrpc: "2.0", id, method: call.method, params: call.params };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
