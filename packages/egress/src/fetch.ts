import type { IncomingHttpHeaders } from "node:http";
import type { Agent } from "undici";
import { EgressRefused } from "./address.ts";

/** A request that failed on the way. `code` tells how; the message names the origin, never the path or query. */
export class EgressFailed extends Error {
  readonly code: "timeout" | "too_large" | "unreachable" | "bad_url" | "aborted";

  constructor(code: EgressFailed["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EgressFailed";
    this.code = code;
  }
}

export interface EgressRequest {
  /** From `egressAgent`: it holds the policy and the open connections. */
  agent: Agent;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** For the whole exchange, in milliseconds; 10,000 unless told. */
  timeoutMs?: number;
  /** Bytes of body read before the exchange fails as `too_large`; 1 MiB unless told. */
  maxResponseBytes?: number;
  signal?: AbortSignal;
  /** Gives a buffer of at least this many bytes that the body is put together in, where it came in pieces. */
  allocate?: (bytes: number) => Buffer;
}

export interface EgressResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * One HTTP exchange under the egress policy. Redirects are not followed: a 3xx is an answer like any other.
 * @throws EgressRefused for a forbidden address, EgressFailed for everything else.
 */
export async function egressFetch(url: string | URL, request: EgressRequest): Promise<EgressResponse> {
  const target = parseTarget(url);
  const timeoutMs = request.timeoutMs ?? 10_000;
  const limit = request.maxResponseBytes ?? 1_048_576;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  const headers: Record<string, string> = { ...request.headers };
  if (target.username || target.password) headers.authorization ??= basicCredentials(target);
  try {
    const answer = await request.agent.request({
      origin: target.origin,
      path: `${target.pathname}${target.search}`,
      method: request.method ?? "GET",
      headers,
      body: request.body ?? null,
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const tooLarge = () => new EgressFailed("too_large", `the answer of ${target.origin} is larger than ${limit} bytes`);
    if (Number(answer.headers["content-length"] ?? 0) > limit && request.method !== "HEAD") {
      answer.body.on("error", () => undefined).destroy();
      throw tooLarge();
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: chunks.length === 1 && chunks[0] ? chunks[0] : joined(chunks, (request.allocate ?? Buffer.allocUnsafe)(size), size),
    };
  } catch (error) {
    if (error instanceof EgressFailed || error instanceof EgressRefused) throw error;
    if (request.signal?.aborted) throw new EgressFailed("aborted", `the request to ${target.origin} was aborted`, { cause: error });
    if (timeout.aborted || isTimeout(error)) {
      throw new EgressFailed("timeout", `${target.origin} did not answer within ${timeoutMs} ms`, { cause: error });
    }
    throw new EgressFailed("unreachable", `${target.origin} is unreachable: ${describe(error)}`, { cause: error });
  }
}

function joined(chunks: readonly Buffer[], target: Buffer, size: number): Buffer {
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(target, at);
  return target.subarray(0, size);
}

function parseTarget(url: string | URL): URL {
  const target = URL.parse(String(url));
  if (!target) throw new EgressFailed("bad_url", "the URL is malformed: expected http:// or https:// and a host");
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new EgressFailed("bad_url", `the scheme ${target.protocol} is not spoken here: use http:// or https://`);
  }
  return target;
}

function basicCredentials(target: URL): string {
  try {
    const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch (cause) {
    throw new EgressFailed("bad_url", `user and password in the URL of ${target.origin} are malformed: percent-encode them`, { cause });
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^UND_ERR_.*_TIMEOUT$/.test(error.code);
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join(", ");
  return error instanceof Error ? error.message : String(error);
}
