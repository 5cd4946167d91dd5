import { type ProblemCode, problems } from "@obelisk/schemas/problem";

export interface FieldError {
  /** Where in the input, dots between the parts: `contracts.0.address`. */
  path: string;
  message: string;
}

export interface ProblemOptions {
  errors?: FieldError[];
  /** Seconds after which trying again makes sense. */
  retryAfterSeconds?: number;
  /** What went wrong inside; logged, never shown. */
  cause?: unknown;
}

/**
 * A refusal with a code and a message fit for the person who caused it. It knows no transport: REST, tRPC and the command line each
 * have one mapper. Anything thrown that isn't an ObeliskError is a fault of ours and shown as `internal_error` only.
 */
export class ObeliskError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ObeliskError";
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** HTTP status of the code. */
  get status(): number {
    return problems[this.code].status;
  }
}

/** The thing isn't there, or belongs to another organization: the two are never told apart. */
export function notFound(what: string): ObeliskError {
  return new ObeliskError("not_found", `No ${what} with this id in your organization.`);
}

export function conflict(detail: string): ObeliskError {
  return new ObeliskError("conflict", detail);
}

export function forbidden(detail: string): ObeliskError {
  return new ObeliskError("forbidden", detail);
}

export function invalidRequest(errors: FieldError[]): ObeliskError {
  const first = errors[0];
  const detail = first ? `${first.path || "body"}: ${first.message}` : "The request is not valid.";
  return new ObeliskError("invalid_request", errors.length > 1 ? `${detail} (and ${errors.length - 1} more)` : detail, { errors });
}

/** Characters of a field's path or message at most. */
const longestText = 300;

/** Zod's issues as field errors; at most 50 of bounded length, so that a hostile body can't ask for a long answer. */
export function fieldErrors(issues: readonly { path: PropertyKey[]; message: string }[]): FieldError[] {
  return issues.slice(0, 50).map((issue) => ({ path: cut(issue.path.map(String).join(".")), message: cut(issue.message) }));
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
