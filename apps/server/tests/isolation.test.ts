import { organizationRoles, roleAllows } from "@obelisk/schemas/access";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../src/http/trpc/router.ts";
import { describedBy } from "./described-answers.ts";
import { type Sample, samples } from "./isolation-samples.ts";
import { call, createTenant, type TestUser } from "./serving.ts";
import { tableChecksum } from "./table-checksum.ts";
import { type Belongings, serveTwoTenants, type TwoTenants, validCreate } from "./two-tenants.ts";

const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: "query" | "mutation" | "subscription" } }>,
).map(([path, { _def }]) => ({ path, type: _def.type, sample: samples[path] ?? {} }));

let tenants: TwoTenants;

beforeAll(async () => {
  tenants = await serveTwoTenants();
  // As fresh as after a sign-in, so that no session is prolonged while the tables are compared.
  await tenants.serving.test.owner.query("update sessions set expires_at = now() + interval '7 days'");
});

afterAll(() => tenants?.close());

/** Asks as a browser does; of a subscription it gives the first event. */
async function ask(user: TestUser, path: string, type: string, input: unknown, organizationId: string) {
  const { serving } = tenants;
  if (type !== "subscription") return call(serving, user, organizationId, path, input, type as "query" | "mutation");
  const query = new URLSearchParams({ input: JSON.stringify(input), connectionParams: JSON.stringify({ organizationId }) });
  const answer = await serving.as(user, `/api/trpc/${path}?${query}`, { headers: { accept: "text/event-stream" } });
  const reader = answer.body?.getReader();
  let text = "";
  while (reader && !/"code"|"topic"/.test(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  const code = /"code":"(\w+)"/.exec(text)?.[1];
  return { status: code === "not_found" ? 404 : answer.status, data: text, error: code ? { code, errors: [], requestId: "" } : null };
}

/** Fails where a text holds anything of the other tenant. */
function expectNothingOf(foreign: Belongings, text: string): void {
  for (const [what, value] of Object.entries(foreign)) expect(text, `shows the other tenant's ${what}`).not.toContain(value);
}

/** Something the procedure can be asked with, of whichever kind. */
function anyInput({ names, reads, writes }: Sample): unknown {
  return names ? names(tenants.foreign) : reads ? reads(tenants)[0]?.input : writes?.input(tenants, "any");
}

const sumOf = (organizationId?: string) => tableChecksum(tenants.serving.test, organizationId);

test("every procedure says how it would be asked for another tenant's things", () => {
  expect(procedures.map(({ path }) => path).sort()).toEqual(Object.keys(samples).sort());
  for (const { path, type, sample } of procedures) {
    expect(Object.keys(sample), path).not.toEqual([]);
    if (type !== "mutation") expect(sample.reads, `${path} reads: what of the caller's own does it show?`).toBeDefined();
  }
});

const named = procedures.filter(({ sample }) => sample.names);
const reading = procedures.filter(({ sample }) => sample.reads);
const writing = procedures.filter(({ sample }) => sample.writes);

describe.each(organizationRoles)("as %s of one organization", (role) => {
  test.each(named)("$path answers another's id with 404 or 403 and changes nothing", async ({ path, type, sample }) => {
    const before = await sumOf();
    const answer = await ask(tenants.own.users[role], path, type, sample.names?.(tenants.foreign), tenants.own.id);
    expect([404, 403], JSON.stringify(answer)).toContain(answer.status);
    expectNothingOf(tenants.foreign, JSON.stringify(answer));
    expect(await sumOf()).toBe(before);
  });

  test.each(reading)("$path shows the caller's own, nothing of another, and changes nothing", async ({ path, type, sample }) => {
    const before = await sumOf();
    for (const { input, shows } of sample.reads?.(tenants) ?? []) {
      const answer = await ask(tenants.own.users[role], path, type, input, tenants.own.id);
      const asked = `${path} ${JSON.stringify(input)}`;
      expect([answer.status, answer.error], asked).toEqual([200, null]);
      const text = typeof answer.data === "string" ? answer.data : JSON.stringify(answer.data);
      expect(text, asked).toContain(shows);
      expectNothingOf(tenants.foreign, text);
    }
    expect(await sumOf()).toBe(before);
  });

  test.each(writing)("$path changes the caller's own and nothing of another", async ({ path, type, sample: { writes } }) => {
    if (!writes) throw new Error(`${path} has no change to make`);
    const writer = await createTenant(tenants.serving.test);
    const before = [await sumOf(tenants.foreign.organizationId), await sumOf(writer.id)];
    const answer = await ask(
      writer.users[role],
      path,
      type,
      writes.input(tenants, `${path.toLowerCase().replace(".", "-")}-${role}`),
      writer.id,
    );
    const allowed = writes.permission === null || roleAllows(role, writes.permission);
    expect(answer.status, JSON.stringify(answer)).toBe(allowed ? 200 : 403);
    expectNothingOf(tenants.foreign, JSON.stringify(answer));
    const after = [await sumOf(tenants.foreign.organizationId), await sumOf(writer.id)];
    expect(after.map((sum, index) => sum === before[index])).toEqual([true, !allowed]);
  });

  test.each(procedures.filter(({ path }) => !/^(session|organizations)\./.test(path)))(
    "$path is refused while the client believes it acts in another organization",
    async ({ path, type, sample }) => {
      const before = await sumOf();
      const answer = await ask(tenants.own.users[role], path, type, anyInput(sample), tenants.foreign.organizationId);
      expect(answer.error?.code).toBe("organization_mismatch");
      expect(await sumOf()).toBe(before);
    },
  );
});

test("a new organization can't take another's slug", async () => {
  const before = await sumOf();
  const input = { name: "Taken", slug: tenants.foreign.organizationSlug };
  const answer = await ask(tenants.own.users.owner, "organizations.create", "mutation", input, tenants.own.id);
  expect([answer.status, answer.error?.code]).toEqual([409, "conflict"]);
  expect(await sumOf()).toBe(before);
});

test("a session whose row was moved into an organization that isn't the user's gets nothing there", async () => {
  const { own, foreign, serving } = tenants;
  const { member } = own.users;
  await serving.test.owner.query("update sessions set active_organization_id = $2 where user_id = $1", [member.id, foreign.organizationId]);
  for (const { path, type, sample } of procedures.filter(({ path }) => !/^(session|organizations)\./.test(path))) {
    const answer = await ask(member, path, type, anyInput(sample), foreign.organizationId);
    expect([answer.status, answer.error?.code], path).toEqual([404, "not_found"]);
  }
  await serving.test.owner.query("update sessions set active_organization_id = $2 where user_id = $1", [member.id, own.id]);
});

test("a member who was removed has no way in from that moment", async () => {
  const { admin } = tenants.own.users;
  await tenants.serving.test.owner.query("delete from members where user_id = $1", [admin.id]);
  const answer = await call(tenants.serving, admin, tenants.own.id, "deployments.list", { kind: "indexer" });
  expect([answer.status, answer.error?.code]).toEqual([404, "not_found"]);
});

test("every route of the public API answers another tenant's ids with 404 and the caller's own without anything of the other's", async () => {
  const { serving, own, ours, foreign } = tenants;
  const { token } = await own.asKey();
  await serving.test.owner.query("update api_keys set last_used_at = now() + interval '1 hour'");
  const [unchanged, untouched] = [await sumOf(), await sumOf(foreign.organizationId)];
  const { document } = await describedBy(serving.url);
  const routes = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([verb, { requestBody }]) => ({ template, method: verb.toUpperCase(), requestBody })),
  );
  const at = (template: string, of: Belongings) => template.replace("{id}", of.deploymentId).replace("{taskId}", of.taskId);
  const byId = routes.filter(({ template }) => template.includes("{id}"));
  for (const { template, method } of byId) {
    expect(at(template, foreign)).not.toContain("{");
    const answer = await serving.ask(at(template, foreign), { token, method });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text).code], `${method} ${template}`).toEqual([404, "not_found"]);
    expectNothingOf(foreign, text);
  }
  // A task of theirs below a deployment of ours.
  for (const { template, method } of byId.filter(({ template }) => template.includes("{taskId}"))) {
    const answer = await serving.ask(at(template, { ...ours, taskId: foreign.taskId }), { token, method });
    expect(answer.status, `${method} ${template}`).toBe(404);
  }
  expect(await sumOf()).toBe(unchanged);
  for (const { template, method, requestBody } of routes.filter(({ method, requestBody }) => method === "GET" || requestBody)) {
    const queries = method === "GET" ? ["", `?cursor=${foreign.taskId}&limit=100`] : [""];
    for (const query of queries) {
      const body = requestBody ? { body: validCreate(tenants) } : {};
      const answer = await serving.ask(at(template, ours) + query, { token, method, ...body });
      const text = await answer.text();
      expect(answer.status, `${method} ${template}${query} ${text}`).toBe(requestBody ? 201 : 200);
      const shown = requestBody
        ? "dep_"
        : template.endsWith("/tasks")
          ? ours.taskId
          : template.endsWith("/logs")
            ? ours.logged
            : ours.deploymentId;
      expect(text, `${method} ${template}${query}`).toContain(shown);
      expectNothingOf(foreign, text);
    }
  }
  expect(byId.length).toBeGreaterThanOrEqual(9);
  expect(await sumOf(foreign.organizationId)).toBe(untouched);
});
