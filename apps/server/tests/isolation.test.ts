import { organizationRoles } from "@obelisk/schemas/access";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appRouter } from "../src/http/trpc/router.ts";
import { describedBy } from "./described-answers.ts";
import { call, createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";
import { tableChecksum } from "./table-checksum.ts";

/** What of the other tenant a hostile caller could name. */
interface Foreign {
  organizationId: string;
  deploymentId: string;
  taskId: string;
  keyId: string;
  actorId: string;
}

const validCreate = {
  name: "x",
  rpcUrl: "http://127.0.0.1:9",
  contracts: [{ address: `0x${"1".repeat(40)}`, abi: [{ type: "event", name: "E" }] }],
};

/**
 * How each procedure is asked for something of another tenant. `names`: takes an id, and must answer 404 or 403. `reads`: takes none, and
 * must show nothing of the other tenant. A procedure that is missing here fails the test: say how it is asked.
 */
const samples: Record<string, { names: (foreign: Foreign) => unknown } | { reads: unknown }> = {
  "session.get": { reads: undefined },
  "organizations.list": { reads: undefined },
  "organizations.create": { reads: { name: "", slug: "no" } },
  "organizations.switch": { names: ({ organizationId }) => ({ organizationId }) },
  "organization.overview": { reads: undefined },
  "organization.status": { reads: undefined },
  "deployments.list": { reads: { kind: "indexer", limit: 100 } },
  "deployments.get": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.networks": { reads: undefined },
  "deployments.preflight": { reads: validCreate },
  "deployments.create": { reads: validCreate },
  "deployments.suspend": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.resume": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.redeploy": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.deprovision": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.setVisibility": { names: ({ deploymentId }) => ({ id: deploymentId, visibility: "public" }) },
  "deployments.logs": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.tasks": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.cancelTask": { names: ({ taskId }) => ({ taskId }) },
  "deployments.rerunTask": { names: ({ taskId }) => ({ taskId }) },
  "deployments.healthHistory": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.instance": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "deployments.watch": { names: ({ deploymentId }) => ({ id: deploymentId }) },
  "apiKeys.list": { reads: { limit: 100 } },
  "apiKeys.create": { reads: { name: "", scopes: [] } },
  "apiKeys.rotate": { names: ({ keyId }) => ({ id: keyId }) },
  "apiKeys.revoke": { names: ({ keyId }) => ({ id: keyId }) },
  "audit.list": { reads: { limit: 100 } },
  "audit.parties": { reads: undefined },
  "audit.verify": { reads: undefined },
};

const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: "query" | "mutation" | "subscription" } }>,
).map(([path, { _def }]) => ({ path, type: _def.type }));

let serving: Serving;
let own: TestTenant;
let foreign: Foreign;
let before: string;

beforeAll(async () => {
  serving = await serve();
  own = await createTenant(serving.test);
  const other = await createTenant(serving.test);
  const [deployment, key] = [await insertDeployment(serving.test, other), await other.asKey()];
  await serving.test.owner.query(
    "insert into runtime_logs (organization_id, deployment_id, at, stream, level, message) values ($1, $2, now(), 'stdout', 'info', 'secret of the other tenant')",
    [other.id, deployment.id],
  );
  foreign = {
    organizationId: other.id,
    deploymentId: deployment.id,
    taskId: deployment.taskId,
    keyId: key.id,
    actorId: other.users.owner.id,
  };
  await insertDeployment(serving.test, own);
  // As fresh as after a sign-in, so that no session is prolonged while the tables are compared.
  await serving.test.owner.query("update sessions set expires_at = now() + interval '7 days'");
  before = await tableChecksum(serving.test);
});

afterAll(() => serving?.close());

/** Asks as a browser does; a subscription gives its first event. */
async function ask(role: (typeof organizationRoles)[number], path: string, type: string, input: unknown, organizationId: string) {
  const user = own.users[role];
  if (type !== "subscription") return call(serving, user, organizationId, path, input, type as "query" | "mutation");
  const query = new URLSearchParams({ input: JSON.stringify(input), connectionParams: JSON.stringify({ organizationId }) });
  const answer = await serving.as(user, `/api/trpc/${path}?${query}`, { headers: { accept: "text/event-stream" } });
  const reader = answer.body?.getReader();
  let text = "";
  while (reader && !text.includes("code")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? text;
  return { status: code === "not_found" ? 404 : answer.status, data: text, error: { code, errors: [], requestId: "" } };
}

test("every procedure says how it would be asked for another tenant's things", () => {
  expect(procedures.map(({ path }) => path).sort()).toEqual(Object.keys(samples).sort());
});

describe.each(organizationRoles)("as %s of one organization", (role) => {
  test.each(procedures)("$path gives nothing of another and changes nothing", async ({ path, type }) => {
    const sample = samples[path];
    if (!sample) throw new Error(`say in samples how ${path} is asked`);
    const input = "names" in sample ? sample.names(foreign) : sample.reads;
    const answer = await ask(role, path, type, input, own.id);
    if ("names" in sample) expect([404, 403], JSON.stringify(answer)).toContain(answer.status);
    for (const id of Object.values(foreign)) expect(JSON.stringify(answer.data ?? null)).not.toContain(id);
    expect(JSON.stringify(answer.data ?? null)).not.toContain("secret of the other tenant");
    expect(await tableChecksum(serving.test)).toBe(before);
  });

  test.each(procedures.filter(({ path }) => !/^(session|organizations)\./.test(path)))(
    "$path is refused while the client believes it acts in another organization",
    async ({ path, type }) => {
      const sample = samples[path];
      const input = sample && "names" in sample ? sample.names(foreign) : sample?.reads;
      const answer = await ask(role, path, type, input, foreign.organizationId);
      expect(answer.error?.code).toBe("organization_mismatch");
      expect(await tableChecksum(serving.test)).toBe(before);
    },
  );
});

test("a session whose row was moved into an organization that isn't the user's gets nothing there", async () => {
  const { member } = own.users;
  await serving.test.owner.query("update sessions set active_organization_id = $2 where user_id = $1", [member.id, foreign.organizationId]);
  for (const { path, type } of procedures.filter(({ path, type }) => type === "query" && !/^(session|organizations)\./.test(path))) {
    const sample = samples[path];
    const input = sample && "names" in sample ? sample.names(foreign) : sample?.reads;
    const answer = await ask("member", path, type, input, foreign.organizationId);
    expect([answer.status, answer.error?.code], path).toEqual([404, "not_found"]);
  }
  await serving.test.owner.query("update sessions set active_organization_id = $2 where user_id = $1", [member.id, own.id]);
});

test("a member who was removed has no way in from that moment", async () => {
  const { admin } = own.users;
  await serving.test.owner.query("delete from members where user_id = $1", [admin.id]);
  const answer = await call(serving, admin, own.id, "deployments.list", { kind: "indexer" });
  expect([answer.status, answer.error?.code]).toEqual([404, "not_found"]);
});

test("every route of the public API answers another tenant's ids with 404 and changes nothing", async () => {
  const key = await own.asKey();
  await serving.test.owner.query("update api_keys set last_used_at = now() + interval '1 hour'");
  const unchanged = await tableChecksum(serving.test);
  const { document } = await describedBy(serving.url);
  let asked = 0;
  for (const [template, methods] of Object.entries(document.paths)) {
    const path = template.replace("{id}", foreign.deploymentId).replace("{taskId}", foreign.taskId);
    expect(path).not.toContain("{");
    for (const method of Object.keys(methods)) {
      const answer = await serving.ask(path, {
        token: key.token,
        method: method.toUpperCase(),
        ...(method === "post" && !template.includes("{") ? { body: validCreate } : {}),
      });
      const text = await answer.text();
      if (template.includes("{id}")) expect([answer.status, text.includes("not_found")], `${method} ${template}`).toEqual([404, true]);
      for (const id of Object.values(foreign)) expect(text).not.toContain(id);
      asked += 1;
    }
  }
  expect(asked).toBeGreaterThanOrEqual(11);
  expect(await tableChecksum(serving.test)).toBe(unchanged);
});

test("the audit log of another organization can't be downloaded", async () => {
  const path = (organization: string) => `/api/organization/audit-log/export?format=csv&organization=${organization}`;
  expect((await serving.as(own.users.owner, path(foreign.organizationId))).status).toBe(409);
  expect((await serving.ask(path(own.id))).status).toBe(401);
});
