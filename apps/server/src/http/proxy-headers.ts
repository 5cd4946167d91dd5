/** Headers that belong to one connection, RFC 9110 section 7.6.1. */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What the caller sends to us and no runtime ever sees: our credentials, and what proxies say of the caller. */
const ours = [
  "host",
  "cookie",
  "authorization",
  "x-api-key",
  "x-request-id",
  "idempotency-key",
  "forwarded",
  "via",
  "expect",
  "content-length",
];

/** What a runtime can't set on our origin: cookies, the policies by which the browser keeps its pages apart from ours, and where it reports and connects to. */
const notReturned = [
  "set-cookie",
  "set-cookie2",
  "content-security-policy",
  "strict-transport-security",
  "clear-site-data",
  "service-worker-allowed",
  "alt-svc",
  "nel",
  "refresh",
  "report-to",
  "reporting-endpoints",
  "content-length",
];

function namedByConnection(value: string | null): string[] {
  return (value ?? "").split(",").map((name) => name.trim().toLowerCase());
}

/** The request's headers as the runtime gets them, with the token that it asks for. */
export function forwardedHeaders(headers: Headers, { token, requestId }: { token: string; requestId: string }): Record<string, string> {
  const dropped = new Set([...hopByHop, ...ours, ...namedByConnection(headers.get("connection"))]);
  const forwarded: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (!dropped.has(name) && !name.startsWith("x-forwarded-") && !name.startsWith("x-obelisk-")) forwarded[name] = value;
  }
  return { ...forwarded, authorization: `Bearer ${token}`, "x-request-id": requestId };
}

/**
 * The runtime's headers as the caller gets them. Whatever it answers is content of a tenant on the dashboard's origin, so a browser may
 * show it but never run it.
 */
export function returnedHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const connection = headers["connection"];
  const dropped = new Set([
    ...hopByHop,
    ...notReturned,
    ...namedByConnection(Array.isArray(connection) ? connection.join(",") : (connection ?? null)),
  ]);
  const returned: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || dropped.has(name) || name.startsWith("access-control-")) continue;
    returned[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { ...returned, "content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff" };
}
