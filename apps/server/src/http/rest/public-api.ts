import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { fieldErrors, invalidRequest, notFound, ObeliskError } from "@obelisk/core/kernel/errors";
import type { AuthenticatedKey, Repeatable } from "@obelisk/core/modules/api-keys";
import { deploymentKinds } from "@obelisk/schemas/deployments";
import { type IdKind, idSchema } from "@obelisk/schemas/primitives";
import type { Problem } from "@obelisk/schemas/problem";
import { Hono } from "hono";
import type { z } from "zod";
import type { AppContext, AppEnv, Parts } from "../context.ts";
import { logFault, problemAnswer, refusalFrom } from "../error-map.ts";
import { readJson, readNothing } from "../json-body.ts";
import { requirePlainText } from "../plain-text.ts";
import { callerOf, rateHeaders, tokenOf, uncountedRate } from "./caller.ts";
import { apiRoot, apiVersion, openApiDocument } from "./document.ts";
import { answerOnce, repeatableOf } from "./idempotent.ts";
import { type Operation, operationsOf } from "./operations.ts";

const idForms: Record<string, { kind: IdKind; form: z.ZodType }> = {
  id: { kind: "deployment", form: idSchema("deployment") },
  taskId: { kind: "task", form: idSchema("task") },
};

/** The public API: every route of every kind, below `/api/public/v1`. */
export function publicApi(parts: Parts): Hono<AppEnv> {
  const { platform } = parts;
  const app = new Hono<AppEnv>();
  const operations = deploymentKinds.flatMap(operationsOf);
  const document = JSON.stringify(openApiDocument(operations, platform.settings.baseUrl));

  app.get("/openapi.json", (c) => {
    route(c, "/openapi.json");
    return c.body(document, 200, { ...headersOf(c, null), "content-type": "application/json", "access-control-allow-origin": "*" });
  });
  for (const operation of operations) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(operation.method.toUpperCase(), path, (c) => {
      route(c, operation.path);
      return perform(c, operation);
    });
  }
  for (const [path, methods] of methodsByPath(operations)) {
    app.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), (c) => {
      route(c, path);
      const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
      if (c.req.method === "OPTIONS") return c.body(null, 204, { ...headersOf(c, null), allow });
      return refuse(c, new ObeliskError("method_not_allowed", `${c.req.method} is not allowed here; ${allow} are.`), null, { allow });
    });
  }
  app.all("*", (c) =>
    refuse(c, new ObeliskError("not_found", `The public API has no ${c.req.path}. See ${platform.settings.baseUrl}/docs/api.`), null),
  );

  function route(c: AppContext, template: string): void {
    c.get("state").route = apiRoot + template;
  }

  /** Headers that every answer of the public API carries. */
  function headersOf(c: AppContext, key: AuthenticatedKey | null): Record<string, string> {
    return {
      "x-public-api-version": apiVersion,
      "x-request-id": c.get("state").requestId,
      ...rateHeaders(key?.rate ?? uncountedRate(platform)),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    };
  }

  function refuse(c: AppContext, error: unknown, key: AuthenticatedKey | null, extra: Record<string, string> = {}): Response {
    const refusal = refusalFrom(error);
    const state = c.get("state");
    const { requestId } = state;
    state.refusedFor = refusal.code;
    logFault(platform.logger, refusal, { requestId }, "request");
    const { status, body, headers } = problemAnswer(refusal, requestId, platform.settings.baseUrl);
    return c.body(body, status as 400, { ...headersOf(c, key), ...headers, ...extra });
  }

  async function perform(c: AppContext, operation: Operation): Promise<Response> {
    const state = c.get("state");
    let key: AuthenticatedKey | null = null;
    try {
      const params = c.req.param() as Record<string, string>;
      const stranger = strangerOf(params);
      // The path is part of what a repetition is looked up by: only one of ids goes to the database.
      const repeatable = operation.method === "get" || stranger ? null : repeatableOf(c);
      const caller = await callerOf(
        platform,
        tokenOf((name) => c.req.header(name)),
        state.ip,
        "api",
        repeatable,
      );
      key = caller.key;
      state.actor = { type: "api_key", id: key.key.id, label: key.key.name };
      state.organizationId = key.organizationId;
      if (caller.refusal) throw caller.refusal;
      const ctx: OrganizationContext = {
        platform,
        requestId: state.requestId,
        ip: state.ip,
        actor: state.actor,
        organizationId: key.organizationId,
        grant: { type: "scopes", scopes: key.scopes },
      };
      if (!key.scopes.includes(operation.scope)) {
        throw new ObeliskError("missing_scope", `This needs an API key with the scope ${operation.scope}.`);
      }
      if (stranger) throw notFound(stranger);
      if (operation.method === "get") {
        const query = operation.query ? parse(operation.query, queryOf(c)) : {};
        const answer = operation.present(await operation.run(ctx, { params, query, body: null }));
        return c.body(JSON.stringify(answer), operation.status, { ...headersOf(c, key), "content-type": "application/json" });
      }
      return await change(c, operation, { ctx, key, params, repeatable });
    } catch (error) {
      return refuse(c, error, key);
    }
  }

  async function change(c: AppContext, operation: Operation, { ctx, key, params, repeatable }: Asked): Promise<Response> {
    const raw = await (operation.body ? readJson : readNothing)(c.req.raw, c.get("state").body);
    const body = operation.body ? parse(operation.body, raw) : null;
    const {
      status,
      body: text,
      replayed,
    } = await answerOnce(
      {
        ctx,
        body: raw ?? null,
        status: operation.status,
        run: (context) => operation.run(context, { params, query: {}, body }),
        present: operation.present,
      },
      repeatable,
      key.answered,
    );
    if (status >= 400) c.get("state").refusedFor = (JSON.parse(text) as Problem).code;
    return c.body(text, status as 200, {
      ...headersOf(c, key),
      "content-type": status < 400 ? "application/json" : "application/problem+json",
      ...(replayed ? { "idempotency-replayed": "true" } : {}),
    });
  }

  return app;
}

/** What a change needs to know of who asks for it. */
interface Asked {
  ctx: OrganizationContext;
  key: AuthenticatedKey;
  params: Record<string, string>;
  repeatable: Repeatable | null;
}

/** What the path names by something that can't be an id, and so isn't there; null where all of it may be. */
function strangerOf(params: Record<string, string>): IdKind | null {
  const name = Object.keys(params).find((each) => idForms[each]?.form.safeParse(params[each]).success === false);
  return (name ? idForms[name]?.kind : null) ?? null;
}

function queryOf(c: AppContext): Record<string, string> {
  const query = c.req.query();
  requirePlainText(query);
  return query;
}

function parse(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  return parsed.data;
}

function methodsByPath(operations: readonly Operation[]): Map<string, string[]> {
  const methods = new Map<string, string[]>([["/openapi.json", ["GET"]]]);
  for (const { path, method } of operations) methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  return methods;
}
