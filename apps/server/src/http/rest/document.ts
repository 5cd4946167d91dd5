import { deploymentSchema, logLineSchema, taskSchema } from "@obelisk/schemas/deployments";
import { type ProblemCode, problemSchema, problems } from "@obelisk/schemas/problem";
import { z } from "zod";
import type { Operation } from "./operations.ts";
import { describeRefusals, isKept, namesAWait } from "./refusals.ts";

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

const retryAfter = { description: "Seconds after which to try again", schema: { type: "integer" } } as const;
const authenticate = {
  "www-authenticate": { description: "How to show who you are", required: true, schema: { type: "string" } },
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
  "unavailable",
];
const ofChanges: ProblemCode[] = ["idempotency_in_progress", "idempotency_key_reused", "payload_too_large", "unsupported_media_type"];

const requestId = {
  name: "x-request-id",
  in: "header",
  description: "1 to 128 visible ASCII characters; made up where missing",
  schema: { type: "string", maxLength: 128 },
} as const;
const idempotencyKey = {
  name: "idempotency-key",
  in: "header",
  description: "The same key with the same body is done once within 24 hours. Falls back to x-request-id.",
  schema: { type: "string", maxLength: 255 },
} as const;

/** Schemas that are shown once, by name. */
const shared = z.registry<{ id: string }>();
shared.add(deploymentSchema, { id: "Deployment" });
shared.add(taskSchema, { id: "Task" });
shared.add(logLineSchema, { id: "LogLine" });
shared.add(problemSchema, { id: "Problem" });

type JsonSchema = Record<string, unknown>;

/** Turns schemas into the document's form and collects what they share under `components`. */
class Components {
  readonly schemas: Record<string, JsonSchema> = {};

  /** @param name Put before the names of nested schemas that have none of their own. */
  of(schema: z.ZodType, io: "input" | "output", name: string): JsonSchema {
    const { $schema: _, $defs, ...root } = z.toJSONSchema(schema, { io, metadata: shared, target: "draft-2020-12" }) as JsonSchema;
    const naming = (key: string) => (key.startsWith("__") ? `${name}${key.replaceAll("_", "")}` : key);
    const placed = (value: JsonSchema): JsonSchema => {
      const { id: _id, ...rest } = JSON.parse(
        JSON.stringify(value).replaceAll(/"#\/\$defs\/([^"]+)"/g, (_match, key: string) => `"#/components/schemas/${naming(key)}"`),
      ) as JsonSchema;
      return rest;
    };
    for (const [key, value] of Object.entries(($defs as Record<string, JsonSchema>) ?? {})) this.schemas[naming(key)] = placed(value);
    return placed(root);
  }
}

/** The OpenAPI 3.1 document of the public API, made of the same definitions that answer it. */
export function openApiDocument(operations: readonly Operation[], baseUrl: string): object {
  const components = new Components();
  const problem = components.of(z.object({ problem: problemSchema }), "output", "Problem")["properties"] as { problem: JsonSchema };
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const path = apiRoot + operation.path;
    paths[path] = { ...paths[path], [operation.method]: describe(operation, components, problem.problem) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Obelisk public API",
      version: apiVersion,
      description: `Deployments by API key. The organization comes from the key alone.\n\n${describeRefusals()}`,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: baseUrl }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key: obk_…" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
      },
    },
  };
}

function describe(operation: Operation, components: Components, problem: JsonSchema): object {
  const changes = operation.method !== "get";
  return {
    operationId: operation.operationId,
    summary: operation.summary,
    description: `Needs the scope \`${operation.scope}\`.`,
    tags: [operation.path.split("/")[2]],
    security: [{ bearer: [] }, { apiKey: [] }],
    parameters: [...pathParameters(operation), ...queryParameters(operation, components), requestId, ...(changes ? [idempotencyKey] : [])],
    ...(operation.body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: components.of(operation.body, "input", operation.operationId) } },
          },
        }
      : {}),
    responses: {
      [operation.status]: {
        description: operation.summary,
        headers: changes ? { ...headers, ...replayed } : headers,
        content: { "application/json": { schema: components.of(operation.answer, "output", operation.operationId) } },
      },
      ...refusalsOf([...ofEvery, ...(changes ? ofChanges : []), ...operation.refusals], problem, changes),
    },
  };
}

function pathParameters({ path }: Operation): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function queryParameters({ query, operationId }: Operation, components: Components): object[] {
  if (!query) return [];
  const { properties } = components.of(query, "output", operationId) as { properties: Record<string, JsonSchema> };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

/** @param changes Whether the route changes something, so that a refusal may be kept for repetitions. */
function refusalsOf(codes: readonly ProblemCode[], problem: JsonSchema, changes: boolean): Record<string, object> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes)) byStatus.set(problems[code].status, [...(byStatus.get(problems[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      String(status),
      {
        description: named.map((code) => `\`${code}\`: ${problems[code].title}`).join("; "),
        headers: {
          ...headers,
          ...(status === 401 ? authenticate : {}),
          ...(named.some(namesAWait) ? { "retry-after": { ...retryAfter, required: named.every(namesAWait) } } : {}),
          ...(changes && named.some(isKept) ? replayed : {}),
        },
        content: { "application/problem+json": { schema: refusalSchema(status, named, problem) } },
      },
    ]),
  );
}

/** A problem that can only be one of these. */
function refusalSchema(status: number, codes: readonly ProblemCode[], problem: JsonSchema): JsonSchema {
  return { allOf: [problem, { type: "object", properties: { status: { const: status }, code: { enum: codes } } }] };
}
