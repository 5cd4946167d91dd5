import { isPassingTrouble } from "@obelisk/core/kernel/database-trouble";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import type { Logger } from "@obelisk/core/kernel/logger";
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
  return faultFrom(error);
}

/** What isn't a refusal of ours, as one: trouble of the database that passes asks for patience, all else is a fault that says nothing of itself. */
export function faultFrom(error: unknown): ObeliskError {
  if (isPassingTrouble(error))
    return new ObeliskError("unavailable", "The database is too busy or can't be reached. Try again in a moment.", {
      cause: error,
      retryAfterSeconds: 2,
    });
  return new ObeliskError("internal_error", "Something went wrong on our side. Try again; if it stays, report the request id.", {
    cause: error,
  });
}

/**
 * Logs what the operator has to know of: a fault of ours, and the trouble of the database behind a refusal.
 * @returns whether it is one
 */
export function logFault(logger: Logger, { code, cause }: ObeliskError, line: object, what: string): boolean {
  if (code === "internal_error") logger.error({ ...line, err: cause }, `${what} failed`);
  else if (isPassingTrouble(cause)) logger.warn({ ...line, err: cause }, `${what} refused: the database can't be asked`);
  else return false;
  return true;
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
