import { type DocumentNode, execute, GraphQLError, type GraphQLFormattedError, type GraphQLSchema, parse, validate } from "graphql";
import type { Reader } from "./database.ts";
import { assertWithinLimits, limits } from "./graphql-limits.ts";
import { badRequest, Problem } from "./problem.ts";

export interface GraphqlRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | null;
}

export interface GraphqlAnswer {
  status: number;
  body: { data?: unknown; errors?: readonly GraphQLFormattedError[] };
}

/** Reads a request from a parsed JSON body. @throws Problem 400 */
export function readGraphqlBody(body: unknown): GraphqlRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("body", "the body is one JSON object with query, variables and operationName");
  const { query, variables = null, operationName = null } = body as Record<string, unknown>;
  if (typeof query !== "string") throw badRequest("query", "query is the GraphQL document, a text");
  if (variables !== null && (typeof variables !== "object" || Array.isArray(variables)))
    throw badRequest("variables", "variables is an object");
  if (operationName !== null && typeof operationName !== "string") throw badRequest("operationName", "operationName is a text");
  return { query, variables: (variables as Record<string, unknown> | null) ?? {}, operationName };
}

/** Reads a request from the query of a GET. @throws Problem 400 */
export function readGraphqlParameters(parameters: URLSearchParams): GraphqlRequest {
  const variables = parameters.get("variables");
  let parsed: unknown = null;
  try {
    parsed = variables ? JSON.parse(variables) : null;
  } catch {
    throw badRequest("variables", "variables is not JSON");
  }
  return readGraphqlBody({
    query: parameters.get("query") ?? undefined,
    variables: parsed,
    operationName: parameters.get("operationName"),
  });
}

/**
 * Runs a query on one snapshot of the database. Refusals come back as GraphQL errors with status 400, never as exceptions.
 * @param requestId stands in the extensions of each error.
 */
export async function answerGraphql(
  schema: GraphQLSchema,
  reader: Reader,
  request: GraphqlRequest,
  requestId: string,
): Promise<GraphqlAnswer> {
  let document: DocumentNode;
  try {
    if (request.query.length > limits.documentCharacters)
      throw new Problem(400, "query_too_complex", `the document is longer than ${limits.documentCharacters} characters`);
    document = parse(request.query, { maxTokens: limits.tokens, noLocation: false });
    assertWithinLimits(document, request.variables);
  } catch (error) {
    return refused([asGraphqlError(error)], requestId);
  }
  const invalid = validate(schema, document, undefined, { maxErrors: 10 });
  if (invalid.length > 0) return refused(invalid, requestId);
  try {
    const result = await reader.snapshot(async (ask, syncedBlock) =>
      execute({
        schema,
        document,
        contextValue: { ask, syncedBlock },
        variableValues: request.variables,
        operationName: request.operationName,
      }),
    );
    const errors = result.errors?.map((error) => asGraphqlError(error.originalError ?? error, error));
    if (result.data === undefined || result.data === null) return refused(errors ?? [], requestId);
    return { status: 200, body: { data: result.data, ...(errors ? { errors: written(errors, requestId) } : {}) } };
  } catch (error) {
    return refused([asGraphqlError(error)], requestId);
  }
}

function refused(errors: readonly GraphQLError[], requestId: string): GraphqlAnswer {
  const status = errors.reduce(
    (worst, { extensions }) => Math.max(worst, typeof extensions.status === "number" ? extensions.status : 400),
    400,
  );
  return { status, body: { errors: written(errors, requestId) } };
}

function written(errors: readonly GraphQLError[], requestId: string): GraphQLFormattedError[] {
  return errors.map((error) => ({ ...error.toJSON(), extensions: { ...error.extensions, requestId } }));
}

function asGraphqlError(error: unknown, located?: GraphQLError): GraphQLError {
  const place = located ? { nodes: located.nodes ?? null, path: located.path ?? null } : {};
  if (error instanceof Problem)
    return new GraphQLError(error.message, {
      ...place,
      extensions: { code: error.code, status: error.status, ...(error.errors[0] ? { argument: error.errors[0].path } : {}) },
    });
  if (error instanceof GraphQLError) return error;
  return new GraphQLError("the query failed", { ...place, extensions: { code: "internal_error", status: 500 } });
}
