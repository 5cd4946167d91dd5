import type { TestKey } from "@obelisk/testing/tenant";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { largestBody } from "../src/http/json-body.ts";
import { ask } from "./described-answers.ts";
import { createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";
import { tableChecksum } from "./table-checksum.ts";

const list = "/api/public/v1/deployments/indexer";

let serving: Serving;
let tenant: TestTenant;
let key: TestKey;
let before: string;

beforeAll(async () => {
  serving = await serve();
  tenant = await createTenant(serving.test);
  key = await tenant.asKey();
  await insertDeployment(serving.test, tenant);
  await serving.test.owner.query("update api_keys set last_used_at = now() + interval '1 hour'");
  // As fresh as after a sign-in: the session is read before the body is looked at, and would be prolonged.
  await serving.test.owner.query("update sessions set expires_at = now() + interval '7 days'");
  before = await tableChecksum(serving.test);
});

afterAll(async () => {
  expect(await tableChecksum(serving.test), "nothing was changed by any of it").toBe(before);
  await serving?.close();
});

const post = (body: string | Uint8Array, headers: Record<string, string> = {}) => serving.ask(list, { token: key.token, body, headers });
const refused = async (body: string | Uint8Array, status: number, headers: Record<string, string> = {}) => {
  const answer = await post(body, headers);
  expect(answer.status, typeof body === "string" ? body.slice(0, 200) : "bytes").toBe(status);
  return (await answer.json()) as { code?: string; errors?: { path: string; message: string }[] };
};

test("JSON that breaks off is answered with the place where it breaks", async () => {
  const { code, errors } = await refused('{\n "name": "x",\n "broken\n}', 400);
  expect([code, errors?.[0]?.message]).toEqual(["invalid_request", expect.stringMatching(/position \d+ \(line 3, column \d+\)/)]);
  for (const text of ["", " ", "{", "nul", "[1,]", '{"a":1}x', "\u0000"]) await refused(text, 400);
});

test("bytes that aren't UTF-8 and texts that the database can't hold are refused", async () => {
  await refused(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400);
  for (const name of ["a\\u0000b", "\\ud800"]) expect((await refused(`{"name":"${name}"}`, 400)).errors).toMatchObject([{ path: "name" }]);
});

test("a body over the limit is refused whether or not it says how long it is", async () => {
  expect((await refused(JSON.stringify({ name: "x".repeat(largestBody) }), 413)).code).toBe("payload_too_large");
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("[".repeat(65_536)));
    },
  });
  const answer = await ask(serving.url + list, {
    method: "POST",
    headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json" },
    body: stream,
    duplex: "half",
  });
  expect(answer.status).toBe(413);
});

test("deep nesting is refused before anything walks it", async () => {
  for (const text of ["[".repeat(100_000), `${'{"a":'.repeat(40_000)}1`, `${"[".repeat(33)}${"]".repeat(33)}`]) {
    expect(await refused(text, 400)).toMatchObject({
      code: "invalid_request",
      errors: [{ message: expect.stringContaining("nest at most") }],
    });
  }
});

test("a flood of values is refused before a schema complains of each", async () => {
  const text = JSON.stringify({ name: "n", contracts: Array.from({ length: 50 }, () => ({ abi: Array(1_000).fill(1) })) });
  expect(await refused(text, 400)).toMatchObject({ errors: [{ message: expect.stringContaining("at most 20000 values") }] });
  const many = {
    name: "n",
    contracts: [{ address: "0x", abi: Array.from({ length: 900 }, () => ({ type: "event", name: "a,[{b", inputs: [] })) }],
  };
  expect((await refused(JSON.stringify(many), 400)).errors?.map(({ path }) => path)).toContain("contracts.0.address");
});

test("another content type is refused", async () => {
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin1",
  ]) {
    expect((await refused("{}", 415, { "content-type": type })).code).toBe("unsupported_media_type");
  }
  await refused("{}", 400, { "content-type": "application/json; charset=UTF-8" });
});

test("whatever JSON is sent, a create that isn't valid answers 400 with the fields' names", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 6 }), async (text) => {
      const { errors } = await refused(text, 400);
      expect(errors?.length).toBeGreaterThan(0);
    }),
    { numRuns: 120 },
  );
});

test("an action takes no body, and refuses one", async () => {
  const path = `${list}/dep_99999999999999999999999999/suspend`;
  const statuses = [];
  for (const body of ['{"force":true}', "[]", "1", "{"]) statuses.push((await serving.ask(path, { token: key.token, body })).status);
  statuses.push((await serving.ask(path, { token: key.token, body: "{}" })).status);
  expect(statuses).toEqual([400, 400, 400, 400, 404]);
});

test("the app's API refuses the same, as JSON only and from its own pages only", async () => {
  const { owner } = tenant.users;
  const headers = { "x-obelisk-organization": tenant.id };
  const send = (body: string, extra: Record<string, string>) =>
    serving.as(owner, "/api/trpc/apiKeys.create", { body, headers: { ...headers, ...extra } });
  expect((await send("{}", { "content-type": "text/plain" })).status).toBe(415);
  expect((await send("[".repeat(100), {})).status).toBe(400);
  expect((await send("{", {})).status).toBe(400);
  expect((await send(JSON.stringify("x".repeat(largestBody)), {})).status).toBe(413);
  expect((await send('{"name":"a","scopes":["deployments:read"]}', { origin: "https://evil.example" })).status).toBe(403);
  expect((await send('{"name":"a","scopes":["deployments:read"]}', { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await send('{"name":"a\\u0000","scopes":["deployments:read"]}', {})).status).toBe(400);
});

test("signing in, up and out refuse deep nesting and a flood of values before the library sees them", async () => {
  const deep = `{"email":"a@b.test","password":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const many = `{"email":"a@b.test","password":[${"1,".repeat(20_000)}1]}`;
  for (const path of ["sign-in/email", "sign-up/email", "sign-out"]) {
    for (const [body, message] of [
      [deep, "nest at most"],
      [many, "at most 20000 values"],
    ] as const) {
      const answer = await serving.ask(`/api/auth/${path}`, { body });
      expect([answer.status, answer.headers.get("content-type")], path).toEqual([400, "application/problem+json"]);
      expect(await answer.json()).toMatchObject({ code: "invalid_request", errors: [{ message: expect.stringContaining(message) }] });
    }
  }
});
