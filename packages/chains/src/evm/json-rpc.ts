import { EgressFailed, EgressRefused, egressAgent, egressFetch } from "@obelisk/egress";
import { excessOf } from "@obelisk/schemas/json-shape";
import { z } from "zod";
import { ChainError } from "../chain.ts";

type Agent = ReturnType<typeof egressAgent>;

const answerSchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/**
 * Bytes of one answer read at most. A number takes little, a contract's code in hexadecimal 48 KiB, but up to 1 MiB on chains that allow it:
 * whoever asks for one alone gets it.
 */
function maxResponseBytes(calls: readonly Call[]): number {
  const codes = calls.filter(({ method }) => method === "eth_getCode").length;
  return 65_536 + (codes === 1 ? 1_048_576 : codes * 65_536);
}

/** What an answer may be made of: a node that a tenant named may send whatever it likes, and reading it holds up everything else. */
const modest = { nesting: 8, values: 2_000 };

/** One question of a batch. */
export interface Call {
  method: string;
  params: unknown[];
}

/** JSON-RPC 2.0 over HTTP, behind the egress guard. */
export class JsonRpc {
  readonly #agents = new Map<boolean, Agent>();

  /**
   * Sends the calls as one batch; asks one by one where the node refuses batches.
   * @returns the results in the calls' order.
   * @throws ChainError
   */
  async batch(url: string, calls: Call[], options: { timeoutMs: number; allowPrivateTargets: boolean }): Promise<unknown[]> {
    const deadline = Date.now() + options.timeoutMs;
    const requests = calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }));
    const bounds = { ...options, maxResponseBytes: maxResponseBytes(calls) };
    const answer = await this.#post(url, requests, bounds);
    if (Array.isArray(answer)) return resultsOf(url, calls, answer);
    if (calls.length === 1) return resultsOf(url, calls, [answer]);
    const single: unknown[] = [];
    for (const request of requests) {
      single.push(await this.#post(url, request, { ...bounds, timeoutMs: Math.max(1, deadline - Date.now()) }));
    }
    return resultsOf(url, calls, single);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
    this.#agents.clear();
  }

  async #post(
    url: string,
    body: unknown,
    options: { timeoutMs: number; allowPrivateTargets: boolean; maxResponseBytes: number },
  ): Promise<unknown> {
    let text: string;
    try {
      const response = await egressFetch(url, {
        agent: this.#agent(options.allowPrivateTargets),
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(body),
        timeoutMs: options.timeoutMs,
        maxResponseBytes: options.maxResponseBytes,
      });
      text = response.body.toString("utf8");
      if (response.status === 401 || response.status === 403) {
        throw new ChainError("rpc_error", `${originOf(url)} answered ${response.status}: check the access key in the RPC URL`);
      }
      if (response.status === 429) throw new ChainError("rpc_error", `${originOf(url)} answered 429: its rate limit is reached`);
    } catch (error) {
      if (error instanceof EgressRefused) throw new ChainError("refused_address", error.message, { cause: error });
      if (error instanceof EgressFailed)
        throw new ChainError(error.code === "timeout" || error.code === "too_large" ? error.code : "unreachable", error.message, {
          cause: error,
        });
      throw error;
    }
    try {
      if (excessOf(text, modest)) throw new Error("it nests too deeply or holds too many values");
      return JSON.parse(text);
    } catch (error) {
      throw new ChainError("not_a_chain", `${originOf(url)} answers, but not with JSON: check that it is a JSON-RPC endpoint`, {
        cause: error,
      });
    }
  }

  #agent(allowPrivateTargets: boolean): Agent {
    const known = this.#agents.get(allowPrivateTargets);
    if (known) return known;
    const agent = egressAgent({ allowPrivateTargets, connectTimeoutMs: 2_500 });
    this.#agents.set(allowPrivateTargets, agent);
    return agent;
  }
}

function resultsOf(url: string, calls: Call[], answers: unknown[]): unknown[] {
  if (answers.length > calls.length)
    throw new ChainError("not_a_chain", `${originOf(url)} answers more than it was asked: check the RPC URL`);
  const byId = new Map<number, unknown>();
  for (const answer of answers) {
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) throw new ChainError("not_a_chain", `${originOf(url)} answers, but not in JSON-RPC: check the RPC URL`);
    if (parsed.data.error) {
      const method = calls[parsed.data.id]?.method ?? "the call";
      throw new ChainError("rpc_error", `${originOf(url)} refused ${method}: ${oneLine(parsed.data.error.message)}`);
    }
    byId.set(parsed.data.id, parsed.data.result);
  }
  return calls.map((call, id) => {
    if (!byId.has(id)) throw new ChainError("not_a_chain", `${originOf(url)} left ${call.method} without an answer`);
    return byId.get(id);
  });
}

/** A node's own words as they may be stored and shown, in a terminal too: without control characters and halves of characters. */
function oneLine(text: string): string {
  return text
    .slice(0, 200)
    .replace(/\p{Cc}+/gu, " ")
    .toWellFormed();
}

/** Scheme and host of a URL: what may be shown of it. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? "a malformed URL";
}
