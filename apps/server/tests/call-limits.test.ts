import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProcedureMeta } from "../src/http/trpc/base.ts";
import { appRouter } from "../src/http/trpc/router.ts";
import { call, createTenant, type Serving, serve, type TestTenant, type TestUser } from "./serving.ts";

const usual = 25;
const costly = 3;
/** Long enough that no window ends while the tests run. */
const windowSeconds = 86_400;

let serving: Serving;
let tenant: TestTenant;

beforeAll(async () => {
  serving = await serve({
    http: { callLimits: { usual: { requests: usual, windowSeconds }, costly: { requests: costly, windowSeconds } } },
  });
  tenant = await createTenant(serving.test);
});

afterAll(() => serving?.close());

const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: "query" | "mutation" | "subscription"; meta?: ProcedureMeta } }>,
).map(([path, { _def }]) => ({ path, type: _def.type, bound: _def.meta?.bound ?? "usual" }));

async function counted(user: TestUser): Promise<{ usual: number; costly: number }> {
  const { rows } = await serving.test.owner.query("select key_id, used from rate_windows where key_id like $1", [`${user.id}:%`]);
  const used = (bound: string): number => rows.find(({ key_id: subject }) => subject === `${user.id}:${bound}`)?.used ?? 0;
  return { usual: used("usual"), costly: used("costly") };
}

test("what reaches out or reads much is bounded tightly", () => {
  expect(procedures.flatMap(({ path, bound }) => (bound === "costly" ? [path] : [])).sort()).toEqual([
    "audit.verify",
    "deployments.create",
    "deployments.preflight",
    "deployments.redeploy",
    "deployments.rerunTask",
    "deployments.resume",
  ]);
});

test.each(procedures)("a call of $path is counted once, whatever comes of it", async ({ path, type, bound }) => {
  const { users, id } = await createTenant(serving.test);
  // No input that it would take: it is counted before it is looked at.
  if (type === "subscription") {
    const parameters = new URLSearchParams({ input: '"x"', connectionParams: JSON.stringify({ organizationId: id }) });
    await (await serving.as(users.owner, `/api/trpc/${path}?${parameters}`, { headers: { accept: "text/event-stream" } })).text();
  } else await call(serving, users.owner, id, path, "x", type);
  expect(await counted(users.owner)).toEqual({ usual: 0, costly: 0, [bound]: 1 });
});

test("of many calls at once exactly as many go through as one person may make, and refusals cost no count", async () => {
  const { admin, member } = tenant.users;
  const ask = (user: TestUser) => call(serving, user, tenant.id, "deployments.list", { kind: "indexer" });
  const answers = await Promise.all(Array.from({ length: usual * 2 }, () => ask(admin)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(usual);
  const before = await counted(admin);
  const refused = await ask(admin);
  expect([refused.status, refused.error]).toMatchObject([429, { code: "rate_limited", retryAfterSeconds: expect.any(Number) }]);
  expect(await counted(admin)).toEqual(before);
  expect((await ask(member)).status).toBe(200);
  expect((await call(serving, admin, tenant.id, "audit.verify")).status).toBe(200);
});

test("a batch counts each of its calls", async () => {
  const { users, id } = await createTenant(serving.test);
  const batch = Array.from({ length: 5 }, () => "organization.status").join(",");
  await serving.as(users.owner, `/api/trpc/${batch}?batch=1&input={}`, { headers: { "x-obelisk-organization": id } });
  expect(await counted(users.owner)).toEqual({ usual: 5, costly: 0 });
});

test("exports of the audit log are bounded too, and tell when to come again", async () => {
  const { owner } = tenant.users;
  const answers = [];
  for (let time = 0; time <= costly; time += 1)
    answers.push(await serving.as(owner, `/api/organization/audit-log/export?format=csv&organization=${tenant.id}`));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  const refused = answers.at(-1);
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await refused?.json()).toMatchObject({ code: "rate_limited", detail: expect.stringMatching(/3 such calls .* Wait \d+ s/) });
});
