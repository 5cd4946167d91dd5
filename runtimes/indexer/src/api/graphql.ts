import { type DocumentNode, execute, GraphQLError, type GraphQLFormattedError, type GraphQLSchema, Kind, parse, validate } from "graphql";
import type { AnswerBudget, Holding } from "./answer-budget.ts";
import type { Reader } from "./database.ts";
import { answerBytes, maxAnswerBytes } from "./graphql-bytes.ts";
import { assertWithinLimits, limits } from "./graphql-limits.ts";
import type { Introspections } from "./introspections.ts";
import { maxRowsBytes } from "./pages.ts";
import { badRequest, Problem } from "./problem.ts";

export interface GraphqlRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | null;
}

export interface GraphqlAnswer {
  status: number;
  /** JSON, UTF-8. */
  bytes: Buffer;
  /** To be released once the bytes are sent or the caller is gone. */
  holding: Holding;
}

/** What the questions to one program share. */
export interface Answering {
  reader: Reader;
  introspections: Introspections;
  budget: AnswerBudget;
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
 * Runs a query on one snapshot of the database. Refusals come back as GraphQL errors with their status, never as exceptions.
 * @param requestId stands in the extensions of each error.
 */
export async function answerGraphql(
  schema: GraphQLSchema,
  { reader, introspections, budget }: Answering,
  request: GraphqlRequest,
  requestId: string,
): Promise<GraphqlAnswer> {
  const refused = (errors: readonly GraphQLError[], holding = budget.take(0)): GraphqlAnswer => {
    const bytes = Buffer.from(JSON.stringify({ errors: written(errors, requestId) }));
    holding.resize(bytes.length);
    return { status: statusOf(errors), bytes, holding };
  };
  const question = JSON.stringify([request.query, request.operationName]);
  const kept = introspections.kept(question);
  if (kept) return { status: 200, ...kept };
  let document: DocumentNode;
  let pageBytes: number;
  let holding: Holding;
  try {
    if (request.query.length > limits.documentCharacters)
      throw new Problem(400, "query_too_complex", `the document is longer than ${limits.documentCharacters} characters`);
    document = parse(request.query, { maxTokens: limits.tokens, noLocation: false });
    const { pages, aboutSchema } = assertWithinLimits(document, request.variables);
    pageBytes = Math.floor(maxRowsBytes / Math.max(1, pages));
    // Such an answer is dear and large, so there must be room for it before it is made: hence few are made at a time.
    holding = budget.take(aboutSchema ? maxAnswerBytes : 0);
  } catch (error) {
    return refused([asGraphqlError(error)]);
  }
  try {
    const invalid = validate(schema, document, undefined, { maxErrors: 10 });
    if (invalid.length > 0) return refused(invalid.map(withCode), holding);
    const answer = await reader.snapshot(async (ask, syncedBlock) => {
      const result = await execute({
        schema,
        document,
        contextValue: { ask, syncedBlock, pageBytes },
        variableValues: request.variables,
        operationName: request.operationName,
      });
      const errors = result.errors?.map((error) => asGraphqlError(error.originalError ?? error, error));
      if (result.data === undefined || result.data === null) return refused(errors ?? [], holding);
      // Written here, so that no answer waits as objects, which take several times its bytes, for the snapshot to end.
      const bytes = answerBytes({ data: result.data, ...(errors ? { errors: written(errors, requestId) } : {}) });
      holding.resize(bytes.length);
      return { status: 200, bytes, holding };
    });
    if (answer.status === 200 && asksOnlySchema(document)) introspections.keep(question, answer.bytes, holding);
    return answer;
  } catch (error) {
    return refused([asGraphqlError(error)], holding);
  }
}

/** Whether the answer is the same each time: one operation without variables whose only field is `__schema`. */
function asksOnlySchema({ definitions }: DocumentNode): boolean {
  const [operation, ...others] = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation || others.length > 0 || operation.variableDefinitions?.length) return false;
  return operation.selectionSet.selections.every((field) => field.kind === Kind.FIELD && field.name.value === "__schema");
}

/** The worst of the errors' own. */
function statusOf(errors: readonly GraphQLError[]): number {
  return errors.reduce((worst, { extensions }) => Math.max(worst, typeof extensions.status === "number" ? extensions.status : 400), 400);
}

function written(errors: readonly GraphQLError[], requestId: string): GraphQLFormattedError[] {
  return errors.map((error) => ({ ...error.toJSON(), extensions: { ...error.extensions, requestId } }));
}

function withCode(error: GraphQLError): GraphQLError {
  const { nodes = null, source = null, positions = null, path = null } = error;
  return new GraphQLError(error.message, { nodes, source, positions, path, extensions: { code: "invalid_query", ...error.extensions } });
}

function asGraphqlError(error: unknown, located?: GraphQLError): GraphQLError {
  const place = located ? { nodes: located.nodes ?? null, path: located.path ?? null } : {};
  if (error instanceof Problem)
    return new GraphQLError(error.message, {
      ...place,
      extensions: { code: error.code, status: error.status, ...(error.errors[0] ? { argument: error.errors[0].path } : {}) },
    });
  // Of the document itself: its syntax, fields it names, values of its variables.
  if (error instanceof GraphQLError) return withCode(error);
  return new GraphQLError("the query failed", { ...place, extensions: { code: "internal_error", status: 500 } });
}
