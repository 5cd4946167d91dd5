import { type ProblemCode, problems } from "@obelisk/schemas/problem";

/** What a refusal means to the person looking at it, whatever way it travelled. */
export interface ShownProblem {
  code: ProblemCode | "network";
  title: string;
  detail: string;
  /** Null where the request never reached the server. */
  requestId: string | null;
  errors: { path: string; message: string }[];
}

interface Carrier {
  message?: unknown;
  data?: unknown;
}

function isCode(value: unknown): value is ProblemCode {
  return typeof value === "string" && Object.hasOwn(problems, value);
}

function isFieldError(value: unknown): value is { path: string; message: string } {
  return typeof value === "object" && value !== null && "path" in value && "message" in value;
}

/** Reads anything thrown by a tRPC call, or a problem document. Faults without a known code are shown as unreachable or internal. */
export function readProblem(error: unknown): ShownProblem {
  const carrier: Carrier = typeof error === "object" && error !== null ? error : {};
  const data: Record<string, unknown> = typeof carrier.data === "object" && carrier.data !== null ? { ...carrier.data } : { ...carrier };
  const message = typeof data["detail"] === "string" ? data["detail"] : typeof carrier.message === "string" ? carrier.message : "";
  if (!isCode(data["code"])) {
    return carrier.data
      ? { code: "internal_error", title: problems.internal_error.title, detail: message, requestId: text(data["requestId"]), errors: [] }
      : {
          code: "network",
          title: "Obelisk does not answer",
          detail: "The request did not reach the server. Check your connection; this page tries again by itself.",
          requestId: null,
          errors: [],
        };
  }
  return {
    code: data["code"],
    title: problems[data["code"]].title,
    detail: message,
    requestId: text(data["requestId"]),
    errors: Array.isArray(data["errors"]) ? data["errors"].filter(isFieldError) : [],
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
