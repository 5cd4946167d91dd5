/** Child process: sends one kind of request from 32 clients for a while. Its own process, so that it measures nobody's event loop but its own. */
import { randomUUID } from "node:crypto";
import { Pool } from "undici";
import { percentile } from "./report.ts";

export interface LoadOptions {
  origin: string;
  method: "GET" | "POST";
  path: string;
  /** API keys: each client uses one, the next the next. */
  tokens: string[];
  body: string | null;
  clients: number;
  warmUpMs: number;
  durationMs: number;
  expectedStatus: number;
}

export interface LoadResult {
  requestsPerSecond: number;
  p50: number;
  p99: number;
  requests: number;
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? "") as LoadOptions;
  console.log(JSON.stringify({ answer: await load(options) }));
}

async function load(options: LoadOptions): Promise<LoadResult> {
  const pool = new Pool(options.origin, { connections: options.clients, pipelining: 1 });
  const latencies: number[] = [];
  const begin = performance.now() + options.warmUpMs;
  const end = begin + options.durationMs;
  const client = async (number: number) => {
    const token = options.tokens[number % options.tokens.length];
    const sameHeaders = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const headers = options.body === null ? sameHeaders : { ...sameHeaders, "idempotency-key": randomUUID() };
      const { statusCode, body } = await pool.request({ path: options.path, method: options.method, headers, body: options.body });
      const text = await body.text();
      if (statusCode !== options.expectedStatus) throw new Error(`answered ${statusCode}: ${text.slice(0, 500)}`);
      if (sent >= begin) latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, number) => client(number)));
  await pool.close();
  latencies.sort((a, b) => a - b);
  return {
    requestsPerSecond: (latencies.length / options.durationMs) * 1_000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    requests: latencies.length,
  };
}
