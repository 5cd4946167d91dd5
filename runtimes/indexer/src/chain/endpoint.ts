import { EgressFailed, type EgressResponse, type egressAgent, egressFetch } from "@obelisk/egress";
import { passingBuffers } from "../buffer-pool.ts";
import { publicUrl } from "../log.ts";
import { MalformedAnswer } from "./answers.ts";
import { parseModestly } from "./modest-json.ts";
import { RangeRefused, type Refusal, RpcRefused, RpcUnavailable, readRefusal } from "./refusals.ts";

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
   * @throws RpcRefused (the first refused call decides); RpcUnavailable for everything below JSON-RPC, and for a call that is refused for its size,
   * since of one block or number nobody can ask for less.
   */
  async ask(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[]> {
    try {
      return await this.#askTogether(calls, bounds);
    } catch (error) {
      throw error instanceof RangeRefused ? new RpcUnavailable(error.message, { cause: error }) : error;
    }
  }

  async #askTogether(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[]> {
    if (calls.length > 1 && Date.now() >= this.#singlesUntil) {
      const answers = await this.#askBatch(calls, bounds);
      if (answers) return answers.map((answer) => this.#result(answer));
      this.#singlesUntil = Date.now() + singlesForMs;
    }
    return this.#askSingly(calls, bounds);
  }

  /**
   * Asks one call whose answer is too large to be parsed into objects.
   * @param read gets the answer's bytes as they came, until it returns; null where they don't hold what was asked, which is then looked into.
   * @throws RangeRefused, otherwise as `ask`, and MalformedAnswer where the answer is no refusal either.
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

  /**
   * @returns an answer for each call; null where the node refused the batch, in words that might be of ranges as well: were they, each call tells
   * by itself.
   * @throws RpcUnavailable, also where the node limits the rate of requests and doesn't speak of batches.
   */
  async #askBatch(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[] | null> {
    let answer: EgressResponse;
    try {
      answer = await this.#exchange(calls.map(envelope), bounds);
    } catch (error) {
      if (error instanceof RangeRefused) return null;
      throw error;
    }
    const parsed = parseModestly(answer.body);
    // Some put the one error into an array.
    const answers: unknown[] = [parsed].flat();
    const refusals = answers.flatMap((one) => readRefusal(one) ?? []);
    if (refusals.some(({ message }) => /batch/i.test(message))) return null;
    this.#assertAvailable(answer.status);
    const byId = new Map(answers.map((one) => [(one as { id?: unknown } | null | undefined)?.id, one]));
    if (Array.isArray(parsed) && parsed.length >= calls.length) return calls.map((_, id) => byId.get(id));
    for (const refusal of refusals) this.#assertNotRate(refusal);
    return null;
  }

  async #askSingly(calls: readonly RpcCall[], bounds: ExchangeBounds): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let start = 0; start < calls.length; start += parallelSingles) {
      const group = calls.slice(start, start + parallelSingles);
      results.push(
        ...(await Promise.all(
          group.map(async (call, i) => this.#result(this.#parsed(await this.#exchange(envelope(call, start + i), bounds)))),
        )),
      );
    }
    return results;
  }

  #parsed({ status, body }: EgressResponse): unknown {
    // Nodes put JSON-RPC errors under HTTP 4xx as well.
    this.#assertAvailable(status);
    const parsed = parseModestly(body);
    if (parsed === undefined) throw new RpcUnavailable(`${this.label} answered HTTP ${status} without JSON that can be read`);
    return parsed;
  }

  /** @throws RpcUnavailable for a status that is about the node, not the query. */
  #assertAvailable(status: number): void {
    if (status === 429 || status >= 500) throw new RpcUnavailable(`${this.label} answered HTTP ${status}`);
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

  /** @throws RangeRefused, RpcUnavailable, RpcRefused for a refusal. */
  #result(answer: unknown): unknown {
    if (typeof answer !== "object" || answer === null) throw new MalformedAnswer(`${this.label} left a call unanswered`);
    const refusal = readRefusal(answer);
    if (!refusal) return (answer as { result?: unknown }).result;
    this.#assertNotRate(refusal);
    const { kind, code, message } = refusal;
    if (kind === "range") throw new RangeRefused(`${this.label} answered error ${code}: ${message.slice(0, 200)}`);
    throw new RpcRefused(this.label, code, message);
  }

  /** @throws RpcUnavailable */
  #assertNotRate({ kind, message }: Refusal): void {
    if (kind === "rate") throw new RpcUnavailable(`${this.label} limits the rate of requests: ${message.slice(0, 200)}`);
  }
}

function envelope(call: RpcCall, id: number): object {
  return { jsonrpc: "2.0", id, method: call.method, params: call.params };
}
