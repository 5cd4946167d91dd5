import { ObeliskError } from "@obelisk/core/kernel/errors";
import { Hono } from "hono";
import { handleAuditExport } from "./audit-export.ts";
import { type AppContext, type AppEnv, beginRequest, type Parts } from "./context.ts";
import { endpointProxy } from "./endpoint-proxy.ts";
import { logFault, problemAnswer, refusalFrom } from "./error-map.ts";
import { healthRoutes } from "./health.ts";
import { readText, requireModestShape } from "./json-body.ts";
import { pages } from "./pages.ts";
import { BodyBudget } from "./read-body.ts";
import { recordRequests } from "./record-requests.ts";
import { apiRoot } from "./rest/document.ts";
import { publicApi } from "./rest/public-api.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { handleProcedures } from "./trpc/handler.ts";
import { noticeUnheardProxy } from "./unheard-proxy.ts";

/** Bytes of large request bodies that this process keeps at a time. */
const largestBodies = 64 * 1024 * 1024;

/** Every address the server answers. `close` gives back the proxy's connections. */
export function createApp(parts: Parts): { app: Hono<AppEnv>; close(): Promise<void> } {
  const { platform, authentication } = parts;
  const app = new Hono<AppEnv>();
  const health = healthRoutes(parts);
  const page = pages(parts);
  const proxy = endpointProxy(parts, { deadlineMs: parts.options.endpointDeadlineMs });

  const bodies = new BodyBudget(largestBodies);
  const noticeProxy = noticeUnheardProxy(parts);
  app.use(
    recordRequests(parts, (c) => {
      noticeProxy(c.req.header("x-forwarded-for"));
      return beginRequest(c, parts, bodies);
    }),
  );
  app.onError((error, c) => refuse(c, error));
  app.notFound((c) => refuse(c, nothingHere(c)));

  app.get("/healthz", health.alive);
  app.get("/readyz", health.ready);
  app.get("/metrics", async (c) => (await health.metrics(c)) ?? refuse(c, nothingHere(c)));

  app.route(apiRoot, publicApi(parts));

  app.on(["GET", "POST"], "/api/auth/*", async (c) => {
    c.get("state").route = "/api/auth/{endpoint}";
    if (c.req.method !== "GET") requireSameOrigin(c.req.raw.headers, platform.settings);
    const request = c.req.method === "GET" ? c.req.raw : await checkedPost(c);
    return (await authentication.handle(request, c.get("state").ip)) ?? refuse(c, nothingHere(c));
  });
  app.on(["GET", "POST"], "/api/trpc/*", (c) => handleProcedures(c, parts));
  app.get("/api/organization/audit-log/export", (c) => handleAuditExport(c, parts));

  app.all("/d/:slug", proxy.handle);
  app.all("/d/:slug/*", proxy.handle);

  app.get("/docs/api", page.referencePage);
  app.get("/docs/api/reference.js", page.referenceScript);
  app.get("/", page.root);
  for (const path of ["/dashboard", "/dashboard/*", "/auth/*"]) app.get(path, page.page);
  app.get("*", async (c) => (await page.file(c)) ?? (await page.lost(c)) ?? refuse(c, nothingHere(c)));

  function nothingHere(c: AppContext): ObeliskError {
    return new ObeliskError("not_found", `Nothing answers ${c.req.method} ${c.req.path.slice(0, 200)}.`);
  }

  function refuse(c: AppContext, error: unknown): Response {
    const refusal = refusalFrom(error);
    const state = c.get("state");
    const { requestId } = state;
    state.refusedFor = refusal.code;
    logFault(platform.logger, refusal, { requestId }, "request");
    const { status, body, headers } = problemAnswer(refusal, requestId, platform.settings.baseUrl);
    return c.body(body, status as 400, headers);
  }

  return { app, close: proxy.close };
}

/** The request with its body read and bounded: the library behind it bounds nothing. */
async function checkedPost(c: AppContext): Promise<Request> {
  const body = await readText(c.req.raw, c.get("state").body);
  if (body !== null) requireModestShape(body);
  return new Request(c.req.url, { method: "POST", headers: c.req.raw.headers, body });
}
