import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GraphQLSchema } from "graphql";
import { errorText, log } from "../log.ts";
import type { Tables } from "../store/tables.ts";
import type { Progress } from "../sync/progress.ts";
import { AnswerBudget, type Holding } from "./answer-budget.ts";
import type { Reader } from "./database.ts";
import { healthOf } from "./health.ts";
import { Introspections } from "./introspections.ts";
import type { Metrics } from "./metrics.ts";
import { Problem, sendBytes, sendJson, sendProblem } from "./problem.ts";
import { answerRows, describeTables } from "./rest.ts";

const maxBodyBytes = 64 * 1024;

export interface ApiOptions {
  /** The bearer token every request must carry. */
  token: string;
  progress: Progress;
  metrics: Metrics;
  reader: Reader;
  tables: Tables;
  /** Made at the first GraphQL request: an indexer nobody asks should start fast and stay small. */
  schema: () => Promise<GraphQLSchema>;
}

/** What the requests share. */
interface Serving extends ApiOptions {
  introspections: Introspections;
  budget: AnswerBudget;
  /** The list of tables, made once: for many tables it is large, and callers may read it slowly. */
  description: () => Buffer;
}

/** The runtime's HTTP server; not listening yet. */
export function apiServer(options: ApiOptions): Server {
  let described: Buffer | null = null;
  const description = () => (described ??= Buffer.from(JSON.stringify(describeTables(options.tables))));
  const serving: Serving = { ...options, introspections: new Introspections(), budget: new AnswerBudget(), description };
  const expected = digest(`Bearer ${options.token}`);
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 }, (request, response) => {
    // Digests have one length, so the comparison tells nothing, not even the token's length.
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), expected)) {
      const refusal = new Problem(
        401,
        "unauthenticated",
        "this address is the platform's own: ask for the data at the deployment's endpoint",
      );
      sendProblem(response, refusal, newRequestId());
      return;
    }
    const requestId = requestIdOf(request);
    answer(serving, request, response, requestId).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof Problem) sendProblem(response, error, requestId);
      else {
        log("error", "a request failed", { error: errorText(error), requestId });
        sendProblem(response, new Problem(500, "internal_error", "the request failed; the runtime's log says why"), requestId);
      }
    });
  });
  server.maxConnections = 256;
  return server;
}

/** Listens and returns the port. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** The id that the platform gave the request it forwards. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\x21-\x7e]{1,200}$/.test(given) ? given : newRequestId();
}

function newRequestId(): string {
  return `req_${randomBytes(12).toString("base64url")}`;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function answer(serving: Serving, request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  const url = URL.parse(`http://runtime${request.url ?? "/"}`);
  if (!url) throw new Problem(400, "invalid_request", "the path is malformed");
  const path = url.pathname.replace(/(.)\/+$/, "$1");
  const { progress } = serving;
  if (path === "/graphql") return await graphql(serving, request, response, url.searchParams, requestId);
  if (request.method !== "GET" && request.method !== "HEAD")
    throw new Problem(405, "method_not_allowed", `${path.slice(0, 64)} is read with GET`);
  if (path === "/health") return sendJson(response, 200, healthOf(progress));
  if (path === "/ready") return sendJson(response, progress.ready ? 200 : 503, { ready: progress.ready });
  if (path === "/metrics") {
    const text = await serving.metrics.registry.metrics();
    response.writeHead(200, { "content-type": serving.metrics.registry.contentType }).end(text);
    return;
  }
  if (path === "/" || path === "/rest") return sendBytes(response, 200, serving.description());
  const table = /^\/rest\/([^/]+)$/.exec(path)?.[1];
  if (!table) throw new Problem(404, "not_found", "there is nothing here: ask / for the tables, /rest/{table} or /graphql for their rows");
  assertReady(progress);
  const { bytes, holding } = await answerRows(serving.tables, serving, table, url.searchParams);
  sendHeld(response, 200, bytes, holding);
}

async function graphql(
  serving: Serving,
  request: IncomingMessage,
  response: ServerResponse,
  parameters: URLSearchParams,
  requestId: string,
): Promise<void> {
  // Loaded at the first question, for the reason that the schema is made then.
  const { answerGraphql, readGraphqlBody, readGraphqlParameters } = await import("./graphql.ts");
  let asked: ReturnType<typeof readGraphqlBody>;
  if (request.method === "GET") asked = readGraphqlParameters(parameters);
  else if (request.method === "POST") asked = readGraphqlBody(await readJson(request));
  else throw new Problem(405, "method_not_allowed", "/graphql takes POST with JSON, or GET with ?query=");
  assertReady(serving.progress);
  const { status, bytes, holding } = await answerGraphql(await serving.schema(), serving, asked, requestId);
  sendHeld(response, status, bytes, holding);
}

/** Sends bytes that are held until the caller has them or is gone. */
function sendHeld(response: ServerResponse, status: number, bytes: Buffer, holding: Holding): void {
  if (response.closed) {
    holding.release();
    return;
  }
  response.once("close", () => holding.release());
  sendBytes(response, status, bytes);
}

function assertReady(progress: Progress): void {
  if (!progress.ready) throw new Problem(503, "not_ready", "the tables are being prepared: try again in a few seconds");
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/(?:graphql\+)?json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new Problem(415, "unsupported_media_type", "send the query as application/json");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Problem(413, "payload_too_large", `the body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Problem(400, "invalid_request", "the body is not JSON");
  }
}
