import { z } from "zod";

/** Every `code` an answer can carry, with its HTTP status and title. One list for REST, tRPC, the SDK and the documentation. */
export const problems = {
  invalid_request: { status: 400, title: "The request is not valid" },
  unauthenticated: { status: 401, title: "Sign in first" },
  invalid_api_key: { status: 401, title: "The API key is not valid" },
  expired_api_key: { status: 401, title: "The API key has expired" },
  revoked_api_key: { status: 401, title: "The API key was revoked" },
  plan_limit_reached: { status: 402, title: "The plan's limit is reached" },
  forbidden: { status: 403, title: "Your role does not allow this" },
  missing_scope: { status: 403, title: "The API key lacks the scope" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  conflict: { status: 409, title: "The request conflicts with the current state" },
  idempotency_in_progress: { status: 409, title: "The first request with this key is still under way" },
  organization_mismatch: { status: 409, title: "Another organization is active in this session" },
  payload_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The content type is not supported" },
  idempotency_key_reused: { status: 422, title: "The idempotency key was used with another body" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal_error: { status: 500, title: "Something went wrong on our side" },
  runtime_unavailable: { status: 502, title: "The runtime does not answer" },
  provisioning_unavailable: { status: 503, title: "A preflight check failed" },
  unavailable: { status: 503, title: "Not ready" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

/** One fault of a request: where it is (`contracts.0.address`) and what to do about it. */
export const problemErrorSchema = z.object({ path: z.string(), message: z.string() });

/** RFC 9457 problem document: the body of every refusal. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  requestId: z.string(),
  errors: z.array(problemErrorSchema).optional(),
});

export type Problem = z.infer<typeof problemSchema>;
