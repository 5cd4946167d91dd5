import { problemSchema } from "@obelisk/schemas/problem";
import { believedOrganization } from "../../api/believed-organization.ts";
import type { IndexedTable } from "./query-examples.ts";

/** A question that takes longer is given up, in milliseconds. */
const patience = 30_000;

export class EndpointRefused extends Error {
  readonly data: unknown;

  constructor(status: number, body: unknown) {
    const problem = problemSchema.safeParse(body);
    super(problem.success ? problem.data.detail : `The endpoint answered with status ${status}.`);
    this.name = "EndpointRefused";
    this.data = problem.success ? problem.data : { code: "runtime_unavailable", detail: this.message };
  }
}

/** Asks a deployment's endpoint with the signed-in session; its address on this page's own origin, whatever name the operator gave it. */
async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const { pathname, search } = new URL(url, location.origin);
  const organization = believedOrganization();
  const answer = await fetch(pathname + search, {
    ...init,
    headers: { "content-type": "application/json", ...(organization ? { "x-obelisk-organization": organization } : {}) },
    signal: AbortSignal.timeout(patience),
  });
  const text = await answer.text();
  const body = parse(text);
  // GraphQL answers its own errors with 400 and a body worth showing.
  if (!answer.ok && !(typeof body === "object" && body !== null && "errors" in body && !("code" in body)))
    throw new EndpointRefused(answer.status, body);
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export async function readTables(restUrl: string): Promise<IndexedTable[]> {
  const body = await ask(restUrl);
  return typeof body === "object" && body !== null && "tables" in body && Array.isArray(body.tables) ? body.tables : [];
}

export interface Answer {
  text: string;
  milliseconds: number;
}

export async function runQuery(graphqlUrl: string, query: string): Promise<Answer> {
  const started = performance.now();
  const body = await ask(graphqlUrl, { method: "POST", body: JSON.stringify({ query }) });
  return { text: JSON.stringify(body, null, 2), milliseconds: performance.now() - started };
}
