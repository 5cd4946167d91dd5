import { get } from "node:http";
import { createUser } from "@obelisk/testing/tenant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";

let serving: Serving;
let tenant: TestTenant;

beforeAll(async () => {
  serving = await serve({
    signInLimit: { requests: 12, windowSeconds: 86_400 },
    http: { trustProxy: true, metricsToken: "metrics-token-metrics-token" },
  });
  tenant = await createTenant(serving.test);
});

afterAll(() => serving?.close());

const credentials = { email: "New@Person.test", name: "New Person", password: "obelisk-demo" };
const auth = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  serving.ask(`/api/auth/${path}`, { body, headers: { "x-forwarded-for": "10.0.0.1", ...headers } });
const cookieOf = (answer: Response) => answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
const state = async (cookie: string) =>
  ((await (await serving.ask("/api/trpc/session.get", { headers: { cookie } })).json()) as { result: { data: Record<string, unknown> } })
    .result.data;

test("a person signs up, makes an organization, signs out and comes back to it", async () => {
  const signedUp = await auth("sign-up/email", credentials);
  expect(signedUp.status).toBe(200);
  expect(signedUp.headers.getSetCookie()[0]).toMatch(/HttpOnly.*SameSite=Lax/);
  const cookie = cookieOf(signedUp);
  expect(await state(cookie)).toMatchObject({
    user: { email: "new@person.test", role: "user" },
    activeOrganizationId: null,
    memberships: [],
  });
  const make = (slug: string) => serving.ask("/api/trpc/organizations.create", { body: { name: "First", slug }, headers: { cookie } });
  const first = ((await (await make("first")).json()) as { result: { data: { organization: { id: string } } } }).result.data.organization
    .id;
  await make("second");
  await serving.ask("/api/trpc/organizations.switch", { body: { organizationId: first }, headers: { cookie } });
  expect((await auth("sign-out", {}, { cookie })).status).toBe(200);
  expect(await state(cookie)).toMatchObject({ user: null });
  const back = cookieOf(await auth("sign-in/email", { email: credentials.email, password: credentials.password }));
  expect(await state(back)).toMatchObject({ activeOrganizationId: first });
  expect(((await state(back))["memberships"] as unknown[]).length).toBe(2);
  const taken = await serving.ask("/api/trpc/organizations.create", { body: { name: "Again", slug: "first" }, headers: { cookie: back } });
  expect([taken.status, await taken.json()]).toMatchObject([409, { error: { data: { code: "conflict", errors: [{ path: "slug" }] } } }]);
});

test("nobody becomes an admin or enters an organization by asking for it at sign-up", async () => {
  const answer = await auth("sign-up/email", { ...credentials, email: "sly@person.test", role: "admin", activeOrganizationId: tenant.id });
  const { rows } = await serving.test.owner.query("select role from users where email = 'sly@person.test'");
  expect(rows.filter(({ role }) => role !== "user")).toEqual([]);
  if (answer.ok) expect(await state(cookieOf(answer))).toMatchObject({ activeOrganizationId: null, memberships: [] });
});

test("a short password and a wrong one are refused without telling who exists", async () => {
  expect((await auth("sign-up/email", { ...credentials, email: "short@person.test", password: "short" })).status).toBe(400);
  const wrong = await auth("sign-in/email", { email: "new@person.test", password: "not-the-password" });
  const unknown = await auth("sign-in/email", { email: "nobody@person.test", password: "not-the-password" });
  expect([wrong.status, await wrong.text()]).toEqual([unknown.status, await unknown.text()]);
  expect(wrong.status).toBe(401);
});

test("a name or an address of no bounded form is refused at sign-up, and no picture is kept", async () => {
  const from = { "x-forwarded-for": "10.0.0.7" };
  const email = (name: string) => `${name}@bounds.test`;
  for (const [index, name] of ["", " ", "n".repeat(65), "a\u001b]0;b\u0007", "a\u0000"].entries()) {
    expect((await auth("sign-up/email", { ...credentials, email: email(`name${index}`), name }, from)).status, name).toBe(400);
  }
  expect((await auth("sign-up/email", { ...credentials, email: email("e".repeat(300)) }, from)).status).toBe(400);
  expect((await auth("sign-up/email", { ...credentials, email: email("fine"), image: "https://evil.example/x" }, from)).status).toBe(200);
  const { rows } = await serving.test.owner.query("select email, image from users where email like '%@bounds.test'");
  expect(rows).toEqual([{ email: "fine@bounds.test", image: null }]);
});

test("what isn't offered of the auth library is not there", async () => {
  for (const path of ["change-email", "delete-user", "update-user", "list-sessions", "request-password-reset", "sign-in/social"]) {
    expect((await auth(path, {})).status, path).toBe(404);
  }
  // It would hand the session's token to whatever script runs on the page.
  expect((await serving.ask("/api/auth/get-session")).status).toBe(404);
});

test("signing in from a page of another origin is refused", async () => {
  const answer = await auth(
    "sign-in/email",
    { email: "new@person.test", password: "obelisk-demo" },
    { origin: "https://evil.example", cookie: "a=b" },
  );
  expect(answer.status).toBe(403);
});

test("one address runs out of tries, another does not, and no header of the caller's makes a new address", async () => {
  const tryOnce = (forwarded: string, extra: Record<string, string> = {}) =>
    auth("sign-in/email", { email: "new@person.test", password: "wrong-password" }, { "x-forwarded-for": forwarded, ...extra });
  const statuses = [];
  for (let time = 0; time < 13; time += 1)
    statuses.push((await tryOnce(`9.9.9.${time}, 10.7.7.7`, { "x-obelisk-client-address": `8.8.8.${time}` })).status);
  expect(statuses).toEqual([...Array.from({ length: 12 }, () => 401), 429]);
  expect((await tryOnce("10.7.7.7")).headers.get("retry-after")).toMatch(/^\d+$/);
  expect((await tryOnce("10.7.7.8")).status).toBe(401);
});

test("a tab left on another organization is refused with its own code, and one that names none by the header", async () => {
  const second = await createTenant(serving.test);
  const { owner } = tenant.users;
  await serving.test.owner.query("insert into members (organization_id, id, user_id, role) values ($1, 'mem_guard', $2, 'member')", [
    second.id,
    owner.id,
  ]);
  expect((await call(serving, owner, tenant.id, "audit.list", { limit: 1 })).status).toBe(200);
  expect((await call(serving, owner, null, "organizations.switch", { organizationId: second.id }, "mutation")).status).toBe(200);
  const stale = await call(serving, owner, tenant.id, "apiKeys.create", { name: "x", scopes: ["deployments:read"] }, "mutation");
  expect([stale.status, stale.error?.code]).toEqual([409, "organization_mismatch"]);
  const silent = await call(serving, owner, null, "audit.list", { limit: 1 });
  expect([silent.status, silent.error]).toMatchObject([400, { errors: [{ path: "x-obelisk-organization" }] }]);
  const entries = (await call(serving, owner, second.id, "audit.list", { limit: 1 })).data as { items: { action: string }[] };
  expect(entries.items[0]?.action).toBe("organization.entered");
  await call(serving, owner, null, "organizations.switch", { organizationId: tenant.id }, "mutation");
});

test("roles hold: a member can't manage keys, nor anybody but an owner publish", async () => {
  const { id } = await insertDeployment(serving.test, tenant);
  const create = (role: "owner" | "admin" | "member") =>
    call(serving, tenant.users[role], tenant.id, "apiKeys.create", { name: "k", scopes: ["deployments:read"] }, "mutation");
  expect([(await create("owner")).status, (await create("admin")).status, (await create("member")).status]).toEqual([200, 200, 403]);
  const publish = (role: "owner" | "admin") =>
    call(serving, tenant.users[role], tenant.id, "deployments.setVisibility", { id, visibility: "public" }, "mutation");
  expect([(await publish("admin")).status, (await publish("owner")).status]).toEqual([403, 200]);
});

test("a change is told to whoever watches, with the current state first", async () => {
  const { id } = await insertDeployment(serving.test, tenant);
  const query = new URLSearchParams({ input: JSON.stringify({ id }), connectionParams: JSON.stringify({ organizationId: tenant.id }) });
  const answer = await serving.as(tenant.users.member, `/api/trpc/deployments.watch?${query}`, {
    headers: { accept: "text/event-stream" },
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (part: string) => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? "";
  };
  await until('"status":"running"');
  await serving.test.owner.query("update deployments set status = 'degraded' where id = $1", [id]);
  await until('"status":"degraded"');
  await serving.test.owner.query(
    "insert into runtime_logs (organization_id, deployment_id, at, stream, level, message) values ($1, $2, now(), 'stdout', 'info', 'hello from the runtime')",
    [tenant.id, id],
  );
  await until("hello from the runtime");
  // Losing the connection that listens costs nothing: what happened meanwhile is sent when it is back.
  await serving.test.owner.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test changes'");
  await serving.test.owner.query("update deployments set status = 'failed' where id = $1", [id]);
  await until('"status":"failed"');
  await reader?.cancel();
  await expect.poll(() => serving.changes.subscribers).toBe(0);
});

test("one person opens 64 live views and no more, and leaves room again by closing one", async () => {
  const { id } = await insertDeployment(serving.test, tenant);
  const query = new URLSearchParams({ input: JSON.stringify({ id }), connectionParams: JSON.stringify({ organizationId: tenant.id }) });
  const open = async (user = tenant.users.admin) => {
    const answer = await serving.as(user, `/api/trpc/deployments.watch?${query}`, { headers: { accept: "text/event-stream" } });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"status":"running"') && !text.includes("rate_limited")) text += (await reader?.read())?.value ?? "";
    return { admitted: !text.includes("rate_limited"), close: () => reader?.cancel() };
  };
  const views = await Promise.all(Array.from({ length: 64 }, () => open()));
  expect(views.every(({ admitted }) => admitted)).toBe(true);
  const refused = await open();
  const others = await open(tenant.users.member);
  expect([refused.admitted, others.admitted]).toEqual([false, true]);
  for (const view of [refused, others, ...views.slice(1)]) await view.close();
  await expect.poll(async () => serving.changes.subscribers).toBe(1);
  const again = await open();
  expect(again.admitted).toBe(true);
  for (const view of [again, ...views]) await view.close();
  await expect.poll(() => serving.changes.subscribers).toBe(0);
});

test("a live view ends with the session it was opened in", async () => {
  const { id } = await insertDeployment(serving.test, tenant);
  const user = await createUser(serving.test, { email: "leaver@session.test", activeOrganizationId: tenant.id });
  await serving.test.owner.query("insert into members (organization_id, id, user_id, role) values ($1, 'mem_leaver', $2, 'member')", [
    ...[tenant.id, user.id],
  ]);
  const query = new URLSearchParams({ input: JSON.stringify({ id }), connectionParams: JSON.stringify({ organizationId: tenant.id }) });
  const answer = await serving.as(user, `/api/trpc/deployments.watch?${query}`, { headers: { accept: "text/event-stream" } });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes('"status":"running"')) text += (await reader?.read())?.value ?? "";
  await serving.test.owner.query("delete from sessions where user_id = $1", [user.id]);
  await serving.test.owner.query("update deployments set status = 'degraded', updated_at = now() where id = $1", [id]);
  let rest = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) rest += part.value;
  expect(rest).not.toContain('"status":"degraded"');
  await expect.poll(() => serving.changes.subscribers).toBe(0);
});

test("readiness names each check, and metrics open to this host or the token alone", async () => {
  const ready = await serving.ask("/readyz");
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { checks: { database: { ok: true }, queue: { ok: true }, worker: { ok: false } } },
  ]);
  for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "via"])
    expect((await serving.ask("/metrics", { headers: { [name]: "10.0.0.9" } })).status, name).toBe(404);
  expect((await serving.ask("/metrics", { headers: { "x-forwarded-for": "10.0.0.9" }, token: "metrics-token-metrics-token" })).status).toBe(
    200,
  );
  const { port } = new URL(serving.url);
  const metricsOf = (host: string, headers: Record<string, string> = {}) =>
    new Promise((resolve, reject) => {
      get(`${serving.url}/metrics`, { headers: { host, ...headers } }, (answer) => resolve(answer.resume().statusCode)).on("error", reject);
    });
  // A page of another site whose name was made to lead to this host.
  for (const host of ["evil.example", `evil.example:${port}`, "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.9"])
    expect(await metricsOf(host), host).toBe(404);
  for (const host of ["localhost", `LOCALHOST:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    expect(await metricsOf(host), host).toBe(200);
  expect(await metricsOf("obelisk.example", { authorization: "Bearer metrics-token-metrics-token" })).toBe(200);
  const text = await (await serving.ask("/metrics")).text();
  expect(text).toMatch(/obelisk_http_request_duration_seconds_count\{method="GET",route="\/readyz",status="503"\} 1/);
  expect(text).toContain('obelisk_procedure_duration_seconds_count{procedure="audit.list"');
});

test("pages carry a policy without inline script, files of the build are kept for good, and nothing else is served", async () => {
  for (const path of ["/dashboard", "/dashboard/organization/indexer-lab", "/auth/sign-in", "/docs/api"]) {
    const page = await serving.ask(path);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self';");
    expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(await page.text()).not.toMatch(/<script(?![^>]*src)[^>]*>[^<\s]/);
  }
  const asset = await serving.ask("/assets/main-1.js");
  expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
  for (const path of ["/assets/none.js", "/../package.json", "/%2e%2e/package.json", "/nowhere"])
    expect((await serving.ask(path)).status).toBe(404);
  const mistyped = await serving.ask("/nowhere", { headers: { accept: "text/html,*/*" } });
  expect([mistyped.status, mistyped.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  expect((await serving.ask("/")).headers.get("location")).toBe("/auth/sign-in");
  expect((await serving.as(tenant.users.owner, "/")).headers.get("location")).toBe("/dashboard");
});
