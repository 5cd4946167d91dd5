import type { ServerResponse } from "node:http";

/** An answer in RFC 9457 form. Codes are the platform's where it has one for the same. `errors` names what in the request is wrong. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: { path: string; message: string }[];

  constructor(status: number, code: string, detail: string, errors: { path: string; message: string }[] = []) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** After which a request refused for what others are being sent is worth another try. */
const retryAfterSeconds = 1;

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A refusal of one named part of the request. */
export function badRequest(path: string, message: string): Problem {
  return new Problem(400, "invalid_request", message, [{ path, message }]);
}

/** @param requestId by which the caller, the platform and our log speak of the same request. */
export function sendProblem(response: ServerResponse, problem: Problem, requestId: string): void {
  const body = {
    // Where the platform, on whose origin we are served, documents its own problems.
    type: `/docs/api#description/${problem.code.replaceAll("_", "-")}`,
    title: titles[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
  };
  sendJson(response, problem.status, body, "application/problem+json");
}

export function sendJson(response: ServerResponse, status: number, body: unknown, type = "application/json"): void {
  sendBytes(response, status, Buffer.from(JSON.stringify(body)), type);
}

/** Sends JSON that is already written. */
export function sendBytes(response: ServerResponse, status: number, bytes: Buffer, type = "application/json"): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": bytes.length,
    "cache-control": "no-store",
    ...(status === 429 ? { "retry-after": String(retryAfterSeconds) } : {}),
  });
  response.end(bytes);
}
