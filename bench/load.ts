/** Child process: sends one kind of request from 32 clients for a while. Its own process, so that it measures nobody's event loop but its own. */
import { randomUUID } from "node:crypto";
import { HttpConnection } from "./http-connection.ts";
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
  const { origin, method, path, tokens, body, clients, expectedStatus } = options;
  const latencies: number[] = [];
  const begin = performance.now() + options.warmUpMs;
  const end = begin + options.durationMs;
  const length = body === null ? "" : `content-length: ${Buffer.byteLength(body)}\r\n`;
  const client = async (number: number) => {
    const connection = await HttpConnection.open(origin, expectedStatus);
    const { host } = new URL(origin);
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${tokens[number % tokens.length]}\r\ncontent-type: application/json\r\n${length}`;
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const once = body === null ? "" : `idempotency-key: ${randomUUID()}\r\n`;
      const { status, text } = await connection.send(`${head}${once}\r\n${body ?? ""}`);
      if (status !== expectedStatus) throw new Error(`answered ${status}: ${text.slice(0, 500)}`);
      if (sent >= begin) latencies.push(performance.now() - sent);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  latencies.sort((a, b) => a - b);
  return {
    requestsPerSecond: (latencies.length / options.durationMs) * 1_000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    requests: latencies.length,
  };
}
