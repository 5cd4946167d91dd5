import { ObeliskError } from "@obelisk/core/kernel/errors";
import { type Problem, problems } from "@obelisk/schemas/problem";
import { HTTPException } from "hono/http-exception";
import { problemType } from "./rest/refusals.ts";

export interface ProblemAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

/** The refusal behind anything thrown; what isn't one of ours becomes a fault that says nothing of itself. */
export function refusalFrom(error: unknown): ObeliskError {
  if (error instanceof ObeliskError) return error;
  if (error instanceof HTTPException && error.status < 500)
    return new ObeliskError("invalid_request", "The request could not be read.", { cause: error });
  return new ObeliskError("internal_error", "Something went wrong on our side. Try again; if it stays, report the request id.", {
    cause: error,
  });
}

/** The refusal as RFC 9457 problem document. */
export function problemAnswer(error: ObeliskError, requestId: string, baseUrl: string): ProblemAnswer {
  const { status, title } = problems[error.code];
  const problem: Problem = {
    type: problemType(baseUrl, error.code),
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors ? { errors: error.errors } : {}),
  };
  return {
    status,
    body: JSON.stringify(problem),
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.ceil(error.retryAfterSeconds)) }),
      ...(status === 401 ? { "www-authenticate": 'Bearer realm="obelisk"' } : {}),
    },
  };
}
