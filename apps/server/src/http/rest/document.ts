import { OpenAPIHono } from "@hono/zod-openapi";
import { type ProblemCode, problemSchema, problems } from "@obelisk/schemas/problem";
import { z } from "zod";
import type { Operation } from "./operations.ts";

export const apiRoot = "/api/public/v1";
export const apiVersion = "1";

const headers = {
  "x-public-api-version": { description: "Version of this API", required: true, schema: { type: "string" } },
  "x-request-id": { description: "The request's id, as sent or made here", required: true, schema: { type: "string" } },
  "x-ratelimit-limit": { description: "Requests a window allows", required: true, schema: { type: "integer" } },
  "x-ratelimit-remaining": { description: "Requests left in this window", required: true, schema: { type: "integer" } },
  "x-ratelimit-reset": { description: "Seconds until the window ends", required: true, schema: { type: "integer" } },
  "x-ratelimit-reset-at": { description: "When the window ends", required: true, schema: { type: "string", format: "date-time" } },
} as const;

const retryAfter = {
  "retry-after": { description: "Seconds after which to try again", required: true, schema: { type: "integer" } },
} as const;
const replayed = {
  "idempotency-replayed": { description: "true where an earlier request got this answer", schema: { type: "string", enum: ["true"] } },
} as const;

const ofEvery: ProblemCode[] = [
  "invalid_request",
  "invalid_api_key",
  "expired_api_key",
  "revoked_api_key",
  "missing_scope",
  "rate_limited",
  "internal_error",
];
const ofChanges: ProblemCode[] = [
  "conflict",
  "idempotency_in_progress",
  "idempotency_key_reused",
  "payload_too_large",
  "unsupported_media_type",
];

const requestHeaders = z.object({
  "x-request-id": z.string().max(128).optional().meta({ description: "Visible ASCII; made up where missing" }),
});
const changeHeaders = requestHeaders.extend({
  "idempotency-key": z
    .string()
    .max(255)
    .optional()
    .meta({ description: "The same key with the same body is done once within 24 hours. Falls back to x-request-id." }),
});

/** The OpenAPI 3.1 document of the public API, made of the same definitions that answer it. */
export function openApiDocument(operations: readonly Operation[], baseUrl: string): object {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer", description: "An API key: obk_…" });
  registry.registerComponent("securitySchemes", "apiKey", { type: "apiKey", in: "header", name: "x-api-key" });
  const problem = registry.register("Problem", problemSchema);
  for (const operation of operations) {
    const changes = operation.method !== "get";
    registry.registerPath({
      operationId: operation.operationId,
      method: operation.method,
      path: apiRoot + operation.path,
      summary: operation.summary,
      description: `Needs the scope \`${operation.scope}\`.`,
      tags: [operation.path.split("/")[2] ?? ""],
      security: [{ bearer: [] }, { apiKey: [] }],
      request: {
        headers: changes ? changeHeaders : requestHeaders,
        ...(operation.path.includes("{") ? { params: paramsOf(operation) } : {}),
        ...(operation.query ? { query: operation.query } : {}),
        ...(operation.body ? { body: { required: true, content: { "application/json": { schema: operation.body } } } } : {}),
      },
      responses: {
        [operation.status]: {
          description: operation.summary,
          headers: changes ? { ...headers, ...replayed } : headers,
          content: { "application/json": { schema: operation.answer } },
        },
        ...refusalsOf([...ofEvery, ...(changes ? ofChanges : []), ...operation.refusals], problem),
      },
    });
  }
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Obelisk public API",
      version: apiVersion,
      description: "Deployments by API key. The organization comes from the key alone. Refusals are RFC 9457 problem documents.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: baseUrl }],
  });
}

function paramsOf(operation: Operation): z.ZodObject {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  return z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
}

function refusalsOf(codes: readonly ProblemCode[], problem: typeof problemSchema) {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) byStatus.set(problems[code].status, [...(byStatus.get(problems[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      status,
      {
        description: named.map((code) => `\`${code}\`: ${problems[code].title}`).join("; "),
        headers: status === 429 ? { ...headers, ...retryAfter } : headers,
        content: { "application/problem+json": { schema: problem } },
      },
    ]),
  );
}
