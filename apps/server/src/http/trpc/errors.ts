import { fieldErrors, ObeliskError } from "@obelisk/core/kernel/errors";
import type { ProblemCode } from "@obelisk/schemas/problem";
import { type TRPCDefaultErrorShape, TRPCError } from "@trpc/server";
import { z } from "zod";
import { faultFrom } from "../error-map.ts";
import type { ProcedureContext } from "./base.ts";

type TransportCode = TRPCError["code"];

/** The transport's name of each HTTP status a problem can have. */
const transportCodes: Record<number, TransportCode> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  402: "PAYMENT_REQUIRED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  405: "METHOD_NOT_SUPPORTED",
  409: "CONFLICT",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  422: "UNPROCESSABLE_CONTENT",
  429: "TOO_MANY_REQUESTS",
  500: "INTERNAL_SERVER_ERROR",
  502: "BAD_GATEWAY",
  503: "SERVICE_UNAVAILABLE",
};

/** What went wrong in the transport itself, before any procedure ran. */
const ownCodes: Partial<Record<TransportCode, ProblemCode>> = {
  BAD_REQUEST: "invalid_request",
  PARSE_ERROR: "invalid_request",
  NOT_FOUND: "not_found",
  METHOD_NOT_SUPPORTED: "method_not_allowed",
  PAYLOAD_TOO_LARGE: "payload_too_large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
};

/** The refusal behind a transport error. Whatever isn't one of ours is a fault, and says nothing of itself. */
export function problemOf(error: TRPCError): ObeliskError {
  if (error.cause instanceof ObeliskError) return error.cause;
  if (error.cause instanceof z.ZodError) {
    const errors = fieldErrors(error.cause.issues);
    const [first] = errors;
    return new ObeliskError("invalid_request", first ? `${first.path || "input"}: ${first.message}` : "The input is not valid.", {
      errors,
    });
  }
  const code = ownCodes[error.code];
  if (code) return new ObeliskError(code, code === "invalid_request" ? "The input could not be read." : "No such procedure.");
  return faultFrom(error.cause ?? error);
}

/** The same error with the HTTP status that its problem has. */
export function refusalOf(error: TRPCError): TRPCError {
  const problem = problemOf(error);
  const code = transportCodes[problem.status] ?? "INTERNAL_SERVER_ERROR";
  return error.code === code && error.cause === problem ? error : new TRPCError({ code, message: problem.message, cause: problem });
}

/** What a client sees of an error. */
export function formatError({ shape, error, ctx }: { shape: TRPCDefaultErrorShape; error: TRPCError; ctx: ProcedureContext | undefined }) {
  const problem = problemOf(error);
  return {
    code: shape.code,
    message: problem.message,
    data: {
      code: problem.code,
      httpStatus: problem.status,
      requestId: ctx?.requestId ?? null,
      errors: problem.errors ?? [],
      retryAfterSeconds: problem.retryAfterSeconds ?? null,
      path: shape.data.path ?? null,
    },
  };
}
