import { createTenant, sessionCookie, type TestKey, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./described-answers.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";
import { authSecret } from "./serving.ts";

const list = "/api/public/v1/deployments/indexer";
const password = "the-password-of-somebody";

let platform: TestPlatform;
let server: ServerProcess;
let tenant: TestTenant;
let key: TestKey;
let cookie: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  server = await startServerProcess(platform.database, { env: { LOG_LEVEL: "trace" } });
  tenant = await createTenant(platform);
  key = await tenant.asKey(["deployments:read"]);
  cookie = sessionCookie(tenant.users.admin, authSecret);
});

afterAll(async () => {
  await server?.stop();
  await platform?.close();
});

const send = (path: string, requestId: string, headers: Record<string, string>, body?: unknown) =>
  ask(server.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { "x-request-id": requestId, ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** The lines of a request, once it has ended: of its procedures, and then its own. */
async function linesOf(requestId: string): Promise<Record<string, unknown>[]> {
  const found = () => server.lines.filter((line) => line.includes(`"requestId":"${requestId}"`));
  await waitFor(() => found().some((line) => line.includes('"event":"request"')), { within: 5_000, what: `the line of ${requestId}` });
  return found().map((line) => JSON.parse(line) as Record<string, unknown>);
}

const took = expect.toSatisfy((value: unknown) => typeof value === "number" && value > 0 && value < 60_000);

test("a request of the public API leaves one line with its id, actor, organization, duration and outcome", async () => {
  await send(list, "log-1", { authorization: `Bearer ${key.token}` });
  expect(await linesOf("log-1")).toEqual([
    expect.objectContaining({
      ...{ level: "info", event: "request", requestId: "log-1", method: "GET", route: list },
      ...{ actorType: "api_key", actorId: key.id, organizationId: tenant.id, durationMs: took, status: 200, outcome: "ok" },
    }),
  ]);
});

test("a refused one says what for, and names no actor where nobody was recognized", async () => {
  await send(list, "log-2", { "x-api-key": key.token }, { name: "x" });
  expect(await linesOf("log-2")).toEqual([
    expect.objectContaining({
      ...{ event: "request", requestId: "log-2", method: "POST", route: list, actorType: "api_key", actorId: key.id },
      ...{ organizationId: tenant.id, durationMs: took, status: 403, outcome: "missing_scope" },
    }),
  ]);
  await send(list, "log-3", { authorization: `Bearer ${key.token.slice(0, -1)}_` });
  expect(await linesOf("log-3")).toMatchObject([
    { actorType: null, actorId: null, organizationId: null, durationMs: took, status: 401, outcome: "invalid_api_key" },
  ]);
});

test("a procedure leaves a line of its own beside its request's, in the same words", async () => {
  const { admin } = tenant.users;
  const session = { cookie, "x-obelisk-organization": tenant.id };
  const known = { actorType: "user", actorId: admin.id, organizationId: tenant.id, durationMs: took };
  await send("/api/trpc/apiKeys.create", "log-4", session, { name: "logged", scopes: ["deployments:read"] });
  expect(await linesOf("log-4")).toEqual([
    expect.objectContaining({
      ...known,
      event: "procedure",
      requestId: "log-4",
      procedure: "apiKeys.create",
      kind: "mutation",
      outcome: "ok",
    }),
    expect.objectContaining({ ...known, event: "request", requestId: "log-4", method: "POST", status: 200, outcome: "ok" }),
  ]);
  await send("/api/trpc/apiKeys.create", "log-5", session, { name: "", scopes: [] });
  expect(await linesOf("log-5")).toMatchObject([
    { ...known, event: "procedure", outcome: "invalid_request" },
    { ...known, event: "request", status: 400, outcome: "invalid_request" },
  ]);
});

test("what the sign-in library refuses has an outcome too", async () => {
  const { email } = tenant.users.owner;
  await send("/api/auth/sign-in/email", "log-6", { origin: server.url.replace("127.0.0.1", "localhost") }, { email, password });
  expect(await linesOf("log-6")).toMatchObject([{ event: "request", status: 401, outcome: "unauthenticated", durationMs: took }]);
});

test("no line holds a token, a cookie, a password or a key of the platform's, at any level", async () => {
  const made = await send(
    "/api/trpc/apiKeys.create",
    "log-7",
    { cookie, "x-obelisk-organization": tenant.id },
    {
      ...{ name: "secret", scopes: ["deployments:read"] },
    },
  );
  const { result } = (await made.json()) as { result: { data: { token: string } } };
  await linesOf("log-7");
  const secrets = {
    "an API key": key.token,
    "a new API key": result.data.token,
    "a session's token": tenant.users.admin.sessionToken,
    "a cookie": decodeURIComponent(cookie).split(".").at(-1) ?? "",
    "a password": password,
    AUTH_SECRET: authSecret,
    ENCRYPTION_KEY: platform.database.encryptionKey,
    DATABASE_URL: platform.database.databaseUrl,
  };
  expect(server.lines.length).toBeGreaterThan(8);
  for (const [what, secret] of Object.entries(secrets)) {
    expect(secret.length, what).toBeGreaterThan(10);
    for (const spelling of [secret, encodeURIComponent(secret)])
      expect(
        server.lines.filter((line) => line.includes(spelling)),
        what,
      ).toEqual([]);
  }
});
