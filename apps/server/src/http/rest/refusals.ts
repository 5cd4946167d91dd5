import { type ProblemCode, problems } from "@obelisk/schemas/problem";

/** What each code means and what mends it: the sentences of the reference, where a problem's `type` leads. */
const explanations: Record<ProblemCode, string> = {
  invalid_request:
    "Something in the request is missing or wrong. `errors` names each place and what to do about it; mend these and send it again.",
  unauthenticated: "Nobody is signed in, or the session has ended. Sign in, then try again.",
  invalid_api_key:
    "There is no such API key, or none was sent. Send one as `Authorization: Bearer obk_…` or `x-api-key`, and check that it was copied whole.",
  expired_api_key:
    "The key is past its expiry, or its token was replaced and the overlap is over. Use the newer token, or create a new key.",
  revoked_api_key: "The key was revoked and never works again. Use another one, or let an owner or admin create one.",
  plan_limit_reached:
    "The organization has as many as it may. Remove what is no longer needed, or ask the operator to raise the limit that `detail` names.",
  forbidden: "Your role in the organization doesn't allow this. Ask someone with the role that `detail` names.",
  missing_scope: "The key works, but not for this. Create a key with the scope that `detail` names.",
  not_found: "There is nothing here, or it isn't your organization's: the two are not told apart. Check the address and the id.",
  method_not_allowed: "The address takes other methods: the header `allow` lists them.",
  conflict:
    "What is asked for doesn't fit how things stand now, such as suspending what is suspended. `detail` says what stands in the way; read again, then decide.",
  idempotency_in_progress:
    "The first request with this idempotency key has not been answered yet. Wait as `retry-after` says and send the same again: it gets that answer.",
  organization_mismatch: "The session has switched to another organization since this page was opened. Reload the page, then try again.",
  payload_too_large: "The body is larger than `detail` says it may be. Send less, such as only the events of an ABI.",
  unsupported_media_type: "The body is of another type. Send JSON with `content-type: application/json`.",
  idempotency_key_reused: "An earlier request used this idempotency key with another body. Use a new key for each new request.",
  rate_limited: "More was asked than the window allows. Wait as `retry-after` says, then go on; nothing was done.",
  internal_error: "A fault of ours, which is in our log. Try again; if it stays, report the `requestId`.",
  runtime_unavailable: "The deployment's program doesn't answer. Look at its health and logs, and try again in a moment.",
  provisioning_unavailable:
    "A check before the work failed, so nothing was begun. `errors` names each failed check with what mends it; try again after that.",
  unavailable:
    "Something that this needs is not ready. Try again in a moment; if it stays, the operator finds the cause in `/readyz` and the log.",
};

/** Refusals that say when to come again. */
const waits = new Set<ProblemCode>(["rate_limited", "idempotency_in_progress", "unavailable"]);

/** Whether every refusal of this code carries `retry-after`. */
export function namesAWait(code: ProblemCode): boolean {
  return waits.has(code);
}

/** Refusals not worth keeping: most say nothing lasting about the request, so that the next try may well succeed. */
const passing = new Set<ProblemCode>([
  "rate_limited",
  "idempotency_in_progress",
  "idempotency_key_reused",
  "revoked_api_key",
  "expired_api_key",
  "plan_limit_reached",
  // Nothing was changed, and a repetition finds nothing either: keeping that would cost a row for each name that is tried.
  "not_found",
]);

/** Whether a refusal of a change is kept as the answer to its repetitions; a fault of the surroundings never is. */
export function isKept(code: ProblemCode): boolean {
  return problems[code].status < 500 && !passing.has(code);
}

/** Codes that only an endpoint's program answers with, below `/d/{slug}`; the rest of its codes are those above. */
const ofEndpoints: Record<string, { status: number; title: string; explanation: string }> = {
  query_too_complex: {
    status: 400,
    title: "The query asks for too much",
    explanation: "One query may not cost more than `detail` says. Ask for less at a time, in several queries.",
  },
  invalid_query: {
    status: 400,
    title: "The GraphQL document can't be answered",
    explanation:
      "It is malformed, or asks for what the schema lacks: `errors` says what and where. A client that asks for the schema first knows what there is.",
  },
  query_too_slow: {
    status: 503,
    title: "The query takes too long",
    explanation: "The database ended it. Filter by `block_number` or an indexed column, or order by `block_number`.",
  },
  unknown_table: {
    status: 404,
    title: "No such table",
    explanation: "The indexer has no table of this name. `GET /rest` lists those there are.",
  },
  database_unavailable: {
    status: 503,
    title: "The data can't be read now",
    explanation: "The indexer's database doesn't answer. Try again in a few seconds.",
  },
  not_ready: {
    status: 503,
    title: "The tables are being prepared",
    explanation: "The indexer has just started. Try again in a few seconds.",
  },
};

/**
 * Where the reference explains a code. Its page makes such anchors of the headings below, which are words for that reason: of two or more underscores
 * in a heading it makes one anchor and looks for another.
 */
export function problemType(baseUrl: string, code: ProblemCode): string {
  return `${baseUrl}/docs/api#description/${code.replaceAll("_", "-")}`;
}

/** The reference's section on refusals, as Markdown: a heading for each code. */
export function describeRefusals(): string {
  const own = (Object.keys(problems) as ProblemCode[]).map((code) => section(code, { ...problems[code], explanation: explanations[code] }));
  return [
    "## Refusals",
    "Every refusal is an RFC 9457 problem document. Its `type` leads to one of these sections.",
    ...own,
    "## Refusals of endpoints",
    "The program behind `/d/{slug}` answers with the codes above, and with these of its own.",
    ...Object.entries(ofEndpoints).map(([code, refusal]) => section(code, refusal)),
  ].join("\n\n");
}

function section(code: string, { status, title, explanation }: { status: number; title: string; explanation: string }): string {
  return `### ${code.replaceAll("_", " ")}\n\n\`${code}\`, **${status} · ${title}.** ${explanation}`;
}
