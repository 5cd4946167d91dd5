import { newToken } from "@obelisk/core/modules/api-keys";
import type { TestKey } from "@obelisk/testing/tenant";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";

const list = "/api/public/v1/deployments/indexer";

let serving: Serving;
let tenant: TestTenant;
let key: TestKey;
let id: string;

beforeAll(async () => {
  serving = await serve();
  tenant = await createTenant(serving.test);
  key = await tenant.asKey();
  ({ id } = await insertDeployment(serving.test, tenant));
});

afterAll(() => serving?.close());

/** What a path or query may hold that a database, a decoder or a router can trip over. */
const oddPiece = fc.constantFrom(
  ...[
    "%00",
    "%ED%A0%80",
    "%ff",
    "%",
    "%2",
    "%zz",
    "%2F",
    "%5C",
    "%25",
    "%2500",
    "%0a",
    "%e2%80%a8",
    "😀",
    "\ud800",
    "\udc00",
    "\\",
    ";",
    "=",
    "+",
  ],
  ...["..", "%2e%2e", "*", ":id", "__proto__", "constructor", "[]", "'", '"', "dep_", "tsk_", "a"],
);
const oddText = fc.oneof(
  fc.array(oddPiece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", minLength: 1, maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
/** Whatever a header may hold. */
const headerCharacter = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9));
const headerText = fc.array(headerCharacter, { maxLength: 300 }).map((codes) => String.fromCharCode(...codes));

const route = fc
  .tuple(fc.constantFrom("GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"), oddText, oddText)
  .map(([method, odd, other]) => ({
    method,
    paths: [
      `${list}/${odd}`,
      `${list}/${odd}/suspend`,
      `${list}/${odd}/tasks/${other}/cancel`,
      `${list}/${id}/tasks/${odd}/rerun`,
      `${list}/${id}/${odd}`,
      `/api/public/v1/deployments/${odd}`,
      `/d/${odd}/${other}`,
      `/api/auth/${odd}`,
      `/api/trpc/${odd}?input=${other}`,
      `/${odd}`,
    ],
  }));
const credentials = fc.constantFrom<"known" | "invented" | "none">("known", "invented", "none");

/** Sends what the arguments say, with a key of its own to repeat by; gives the status. */
async function status(method: string, path: string, who: "known" | "invented" | "none", headers: Record<string, string> = {}) {
  const token = who === "none" ? undefined : who === "known" ? key.token : newToken();
  const answer = await serving.ask(path, {
    method,
    headers: { "idempotency-key": "x", ...headers },
    ...(token === undefined ? {} : { token }),
  });
  await answer.body?.cancel();
  return answer.status;
}

test("a NUL in the path names nothing, whoever asks is looked at first, and one in the query is refused by its name", async () => {
  for (const path of [`${list}/%00/suspend`, `${list}/${id}/tasks/%00/cancel`, `${list}/dep_x/suspend`]) {
    expect(await status("POST", path, "known"), path).toBe(404);
    for (const who of ["invented", "none"] as const) expect(await status("POST", path, who), path).toBe(401);
  }
  for (const [query, path] of [
    ["cursor=%00", "cursor"],
    [`cursor=${id}`, "cursor"],
    ["cursor=a&x%00=1", ""],
  ]) {
    const answer = await serving.ask(`${list}/${id}/tasks?${query}`, { token: key.token });
    expect([answer.status, await answer.json()], query).toMatchObject([400, { code: "invalid_request", errors: [{ path }] }]);
  }
});

test("no path is answered with a fault", async () => {
  await fc.assert(
    fc.asyncProperty(route, credentials, async ({ method, paths }, who) => {
      for (const path of paths) expect(await status(method, path, who), `${method} ${path}`).toBeLessThan(500);
    }),
    { numRuns: 60 },
  );
});

test("no query is answered with a fault", async () => {
  const exported = async (query: string) => {
    const answer = await serving.as(tenant.users.owner, `/api/organization/audit-log/export?organization=${tenant.id}&${query}`);
    await answer.body?.cancel();
    return answer.status;
  };
  const names = ["cursor", "limit", "offset", "after", "search", "status", "level", "format", "from", "__proto__"];
  await fc.assert(
    fc.asyncProperty(oddText, fc.oneof(fc.constantFrom(...names), oddText), async (value, name) => {
      const queries = [
        `${name}=${value}`,
        ...names.map((known) => `${known}=${value}`),
        names.map((known) => `${known}=${value}`).join("&"),
      ];
      const tried = queries.flatMap((query) => [
        ...[list, `${list}/${id}/tasks`, `${list}/${id}/logs`].map((path) => status("GET", `${path}?${query}`, "known")),
        exported(query),
      ]);
      for (const answered of await Promise.all(tried)) expect(answered, queries.join(" ")).toBeLessThan(500);
    }),
    { numRuns: 15 },
  );
});

test("no header is answered with a fault", async () => {
  const names = ["idempotency-key", "x-request-id", "x-api-key", "authorization", "cookie", "content-type", "x-forwarded-for", "origin"];
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), headerText), credentials, async (headers, who) => {
      for (const [method, path] of [
        ["POST", `${list}/${id.replace(/.$/, "9")}/suspend`],
        ["POST", list],
        ["GET", list],
        ["GET", "/"],
      ] as const)
        expect(await status(method, path, who, headers), `${method} ${path} ${JSON.stringify(headers)}`).toBeLessThan(500);
    }),
    { numRuns: 60 },
  );
});

test("no name, address or password is answered with a fault", async () => {
  const odd = fc.oneof(
    fc.constantFrom("\0", "a\0@b.test", "\ud800", "\ud800@b.test", "a@b\0.test", "😀"),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const field = fc.oneof(odd, fc.constant("obelisk-demo"), fc.integer(), fc.constant(null));
  await fc.assert(
    fc.asyncProperty(field, fc.oneof(field, fc.constant("odd@person.test")), field, async (name, email, password) => {
      for (const path of ["sign-in/email", "sign-up/email", "sign-out"]) {
        const answer = await serving.ask(`/api/auth/${path}`, { body: { name, email, password } });
        await answer.body?.cancel();
        expect(answer.status, `${path} ${JSON.stringify({ name, email, password })}`).toBeLessThan(500);
      }
    }),
    { numRuns: 60 },
  );
});
