import { type Problem, problemSchema } from "@obelisk/schemas/problem";
import { ObeliskApiError, ObeliskUnreachableError } from "./error.ts";
import { type Outcome, type RetryPolicy, waitBeforeRetry } from "./retry.ts";

export interface ClientOptions {
  /** Where Obelisk is, such as `https://obelisk.example.com`. */
  baseUrl: string;
  /** An API key: `obk_…`. */
  token: string;
  /** Milliseconds an attempt may take; 30,000 unless told. */
  timeoutMs?: number;
  /** Attempts in all for what can be tried again; 4 unless told. */
  attempts?: number;
  /** Longest wait between attempts in milliseconds; 65,000 unless told, so that a full rate window can pass. */
  longestWaitMs?: number;
  /** Told before each wait for another attempt. */
  onWait?: (wait: Wait) => void;
  /** Names the caller in the server's logs. */
  userAgent?: string;
}

export interface Wait {
  milliseconds: number;
  /** What was answered, 429 for a used-up rate window; null where nothing was. */
  status: number | null;
}

export interface CallOptions {
  /** Ends the call early. */
  signal?: AbortSignal;
  /** The same key with the same body is done once; made up where it is left out. */
  idempotencyKey?: string;
}

export interface Call extends CallOptions {
  method: "GET" | "POST" | "DELETE";
  /** Below `baseUrl`, from the slash. */
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
}

/** Sends calls with the key, a bounded time and bounded retries. */
export class Transport {
  readonly #options: ClientOptions;
  readonly #policy: RetryPolicy;

  constructor(options: ClientOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.#policy = { attempts: options.attempts ?? 4, longestWaitMs: options.longestWaitMs ?? 65_000 };
  }

  /**
   * The parsed body of a successful answer.
   * @throws ObeliskApiError for a refusal, ObeliskUnreachableError where no answer of Obelisk's came.
   */
  async call<Result>(call: Call): Promise<Result> {
    const url = this.#url(call);
    const init = this.#request(call);
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(url, init, call.signal);
      if ("result" in answer) return answer.result as Result;
      const wait = waitBeforeRetry(answer.outcome, attempt, this.#policy, Math.random());
      if (wait === null) throw answer.error;
      await this.#wait(wait, answer.outcome, call.signal);
    }
  }

  /**
   * A request with the key's authorization, the answer as it comes: for a deployment's own endpoint. Only a used-up rate window (429)
   * is waited for and tried again.
   */
  async raw(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.#options.token}`);
    for (let attempt = 1; ; attempt += 1) {
      const time = AbortSignal.timeout(this.#timeout);
      const signal = init.signal ? AbortSignal.any([init.signal, time]) : time;
      const response = await fetch(`${this.#options.baseUrl}${path}`, { ...init, headers, signal });
      if (response.status !== 429) return response;
      const outcome: Outcome = { type: "answered", status: 429, code: null, retryAfterSeconds: retryAfter(response) };
      const wait = waitBeforeRetry(outcome, attempt, this.#policy, Math.random());
      if (wait === null) return response;
      await response.body?.cancel();
      await this.#wait(wait, outcome, init.signal ?? undefined);
    }
  }

  async #wait(milliseconds: number, outcome: Outcome, signal: AbortSignal | undefined): Promise<void> {
    this.#options.onWait?.({ milliseconds, status: outcome.type === "answered" ? outcome.status : null });
    await pause(milliseconds, signal);
  }

  get #timeout(): number {
    return this.#options.timeoutMs ?? 30_000;
  }

  #url(call: Call): string {
    const url = new URL(`${this.#options.baseUrl}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }

  #request(call: Call): RequestInit {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.#options.token}`,
      accept: "application/json, application/problem+json",
      "user-agent": this.#options.userAgent ?? "obelisk-sdk",
    };
    if (call.method !== "GET") headers["idempotency-key"] = call.idempotencyKey ?? crypto.randomUUID();
    if (call.body === undefined) return { method: call.method, headers, redirect: "error" };
    headers["content-type"] = "application/json";
    return { method: call.method, headers, body: JSON.stringify(call.body), redirect: "error" };
  }

  async #attempt(url: string, init: RequestInit, signal?: AbortSignal): Promise<{ result: unknown } | { outcome: Outcome; error: Error }> {
    const time = AbortSignal.timeout(this.#timeout);
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, time]) : time });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      const reason = time.aborted
        ? `no answer within ${this.#timeout} ms`
        : `can't be reached (${rootCause(error)}). Is Obelisk running there?`;
      return { outcome: { type: "unreachable" }, error: new ObeliskUnreachableError(url, reason, error) };
    }
    const body = parseJson(text);
    if (response.ok && body !== undefined) return { result: body };
    const problem = problemSchema.safeParse(body);
    const outcome: Outcome = {
      type: "answered",
      status: response.status,
      code: problem.success ? problem.data.code : null,
      retryAfterSeconds: retryAfter(response),
    };
    return { outcome, error: problem.success ? new ObeliskApiError(problem.data as Problem) : notObelisk(url, response.status) };
  }
}

function notObelisk(url: string, status: number): ObeliskUnreachableError {
  return new ObeliskUnreachableError(url, `answered ${status}, but not in Obelisk's form. Does the base URL point at Obelisk?`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

function rootCause(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error && cause.cause instanceof Error; depth += 1) cause = cause.cause;
  if (!(cause instanceof Error)) return String(cause);
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  // An aborted signal tells no listener that comes after.
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", cut, { once: true });
    function done() {
      signal?.removeEventListener("abort", cut);
      resolve();
    }
    function cut() {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
