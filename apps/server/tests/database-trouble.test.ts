import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";

let serving: Serving;
let tenant: TestTenant;
let token: string;
let slug: string;

beforeAll(async () => {
  serving = await serve();
  tenant = await createTenant(serving.test);
  token = (await tenant.asKey()).token;
  slug = (await insertDeployment(serving.test, tenant)).slug;
});

afterAll(() => serving?.close());

/** The database lets nobody but its superuser in, and ends who was. */
async function shut(): Promise<void> {
  const { owner } = serving.test;
  await owner.query(`do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$`);
  await owner.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and usename in ('obelisk_app', 'obelisk_system')",
  );
}

test("while the database takes no connection every way in answers 503 with when to try again", async () => {
  await shut();
  const { owner } = tenant.users;
  const body = { email: "a@b.test", password: "obelisk-demo" };
  const answers = {
    "the public API": await serving.ask("/api/public/v1/deployments/indexer", { token }),
    "an endpoint with a key": await serving.ask(`/d/${slug}/rest`, { token }),
    "an endpoint with a session": await serving.as(owner, `/d/${slug}/rest`),
    "the audit export": await serving.as(owner, `/api/organization/audit-log/export?organization=${tenant.id}`),
    "signing in": await serving.ask("/api/auth/sign-in/email", { body }),
    "signing up": await serving.ask("/api/auth/sign-up/email", { body: { ...body, name: "A" } }),
  };
  for (const [way, answer] of Object.entries(answers)) {
    expect([answer.status, answer.headers.get("retry-after")], way).toEqual([503, "2"]);
    expect(await answer.json(), way).toMatchObject({ code: "unavailable", detail: expect.stringContaining("database") });
  }
  const procedure = await serving.as(owner, "/api/trpc/session.get");
  expect(procedure.status).toBe(503);
  expect(await procedure.json()).toMatchObject({ error: { data: { code: "unavailable", retryAfterSeconds: 2 } } });
});
