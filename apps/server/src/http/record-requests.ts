import { withoutRedaction } from "@obelisk/core/kernel/logger";
import type { ProblemCode } from "@obelisk/schemas/problem";
import type { MiddlewareHandler } from "hono";
import type { AppContext, AppEnv, Parts, RequestState } from "./context.ts";
import { requestDuration, requestsInFlight } from "./metrics.ts";
import { apiRoot } from "./rest/document.ts";

/** Around every request: its id, the headers every answer carries, one log line and its place in the metrics. */
export function recordRequests(parts: Parts, begin: (c: AppContext) => RequestState): MiddlewareHandler<AppEnv> {
  const { platform } = parts;
  const { settings } = platform;
  const lines = withoutRedaction(platform.logger);
  const strict = settings.production && settings.baseUrl.startsWith("https:");
  return async (c, next) => {
    const started = performance.now();
    const state = begin(c);
    c.set("state", state);
    requestsInFlight.inc();
    try {
      await next();
    } finally {
      requestsInFlight.dec();
      state.body.release();
    }
    if (!isPublicApi(c.req.path)) decorate(c, state);
    if (strict) c.res.headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
    const { status } = c.res;
    const seconds = (performance.now() - started) / 1000;
    requestDuration.observe({ method: c.req.method, route: state.route, status }, seconds);
    lines.info(
      {
        event: "request",
        requestId: state.requestId,
        method: c.req.method,
        route: state.route,
        actorType: state.actor?.type ?? null,
        actorId: state.actor?.id ?? null,
        organizationId: state.organizationId,
        durationMs: Math.round(seconds * 10_000) / 10,
        status,
        outcome: state.refusedFor ?? outcomeOf(status),
      },
      "request",
    );
  };
}

/** The code of what was refused elsewhere, by the sign-in library or a deployment's program. */
const refusedElsewhere: Record<number, ProblemCode> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "payload_too_large",
  415: "unsupported_media_type",
  429: "rate_limited",
  502: "runtime_unavailable",
  503: "unavailable",
};

/** How a request ended that we didn't refuse ourselves, in the words that a procedure's line has for it too. */
function outcomeOf(status: number): ProblemCode | "ok" {
  if (status < 400) return "ok";
  return refusedElsewhere[status] ?? (status < 500 ? "invalid_request" : "internal_error");
}

function isPublicApi(path: string): boolean {
  return path === apiRoot || path.startsWith(`${apiRoot}/`);
}

/** The public API sets its headers itself, all at once. */
function decorate(c: AppContext, state: RequestState): void {
  const { headers } = c.res;
  headers.set("x-request-id", state.requestId);
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "same-origin");
  headers.set("x-frame-options", "DENY");
  headers.set("cross-origin-opener-policy", "same-origin");
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  for (const cookie of state.setCookie) headers.append("set-cookie", cookie);
}
