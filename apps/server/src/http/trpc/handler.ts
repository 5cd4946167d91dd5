import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { AppContext, Parts } from "../context.ts";
import { readText, requireJsonType, requireModestShape } from "../json-body.ts";
import type { HeldBody } from "../read-body.ts";
import { requireSameOrigin } from "../same-origin.ts";
import type { ProcedureContext } from "./base.ts";
import { appRouter } from "./router.ts";

const endpoint = "/api/trpc";
const largestBatch = 20;

/** Answers the app's API. A change must come as JSON from a page of ours, which no foreign page's form can send. */
export async function handleProcedures(c: AppContext, parts: Parts): Promise<Response> {
  const state = c.get("state");
  state.route = `${endpoint}/{procedure}`;
  const request = c.req.method === "GET" || c.req.method === "HEAD" ? c.req.raw : await checkedChange(c.req.raw, state.body, parts);
  return fetchRequestHandler({
    endpoint,
    req: request,
    router: appRouter,
    maxBatchSize: largestBatch,
    createContext: ({ info }): ProcedureContext => ({
      platform: parts.platform,
      changes: parts.changes,
      session: state.session,
      requestId: state.requestId,
      ip: state.ip,
      callLimits: parts.options.callLimits,
      believedOrganization: c.req.header("x-obelisk-organization") ?? info.connectionParams?.["organizationId"] ?? null,
      closing: parts.closing,
      seen: state,
    }),
  });
}

async function checkedChange(request: Request, held: HeldBody, parts: Parts): Promise<Request> {
  requireSameOrigin(request.headers, parts.platform.settings);
  requireJsonType(request);
  const text = (await readText(request, held)) ?? "";
  requireModestShape(text);
  return new Request(request.url, { method: request.method, headers: request.headers, body: text, signal: request.signal });
}
