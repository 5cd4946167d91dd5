import { organizationRoles } from "@obelisk/schemas/access";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tableChecksum } from "./table-checksum.ts";
import { type Belongings, serveTwoTenants, type TwoTenants } from "./two-tenants.ts";

const root = "/api/public/v1";

/** What a route answers strangers with, and where it is asked for the other tenant's things. */
interface PlainRoute {
  statuses: readonly number[];
  asked(foreign: Belongings): string[];
}

/** Of no tenant: anybody may ask, and finds nothing of any tenant there. */
const nobodys = (path: string, status = 200): PlainRoute => ({ statuses: [status], asked: () => [path] });
const endpoint: PlainRoute = {
  statuses: [401, 404],
  asked: ({ deploymentSlug }) => ["", "/graphql", "/rest/logs?limit=1", "/health", "/metrics"].map((path) => `/d/${deploymentSlug}${path}`),
};
const filters = ({ actorId, keyId }: Belongings) => ["", `&actorId=${actorId}`, `&targetId=${keyId}`];

/**
 * Every route but those of the public API, which its document lists. The procedures' own isolation is proven beside this. A route that is
 * missing here fails the test: say what it answers strangers.
 */
const plainRoutes: Record<string, PlainRoute> = {
  "GET /healthz": nobodys("/healthz"),
  "GET /readyz": nobodys("/readyz"),
  "GET /metrics": nobodys("/metrics"),
  "GET /api/auth/*": { statuses: [200, 404], asked: () => ["/api/auth/get-session", "/api/auth/list-sessions"] },
  "POST /api/auth/*": { statuses: [], asked: () => [] },
  "GET /api/trpc/*": nobodys("/api/trpc/session.get"),
  "POST /api/trpc/*": { statuses: [], asked: () => [] },
  "GET /api/organization/audit-log/export": {
    statuses: [401, 409],
    asked: (foreign) =>
      filters(foreign).map((filter) => `/api/organization/audit-log/export?format=csv&organization=${foreign.organizationId}${filter}`),
  },
  "ALL /d/:slug": endpoint,
  "ALL /d/:slug/*": endpoint,
  "GET /docs/api": nobodys("/docs/api"),
  "GET /docs/api/reference.js": nobodys("/docs/api/reference.js"),
  "GET /": nobodys("/", 302),
  "GET /dashboard": nobodys("/dashboard"),
  "GET /dashboard/*": nobodys("/dashboard/organization"),
  "GET /auth/*": nobodys("/auth/sign-in"),
  "GET /*": { statuses: [200, 404], asked: ({ deploymentId }) => ["/assets/main-1.js", `/${deploymentId}`] },
};

let tenants: TwoTenants;
let tokens: Record<string, string>;

beforeAll(async () => {
  tenants = await serveTwoTenants();
  const { own, serving } = tenants;
  tokens = { reader: (await own.asKey(["deployments:read"])).token, writer: (await own.asKey(["deployments:write"])).token };
  await serving.test.owner.query("update sessions set expires_at = now() + interval '7 days'");
  await serving.test.owner.query("update api_keys set last_used_at = now() + interval '1 hour'");
});

afterAll(() => tenants?.close());

test("every plain route says what it answers strangers", () => {
  const routes = tenants.serving.routes.filter((route) => !route.includes(` ${root}/`) && route !== "ALL /*");
  expect([...new Set(routes)].sort()).toEqual(Object.keys(plainRoutes).sort());
});

type Credentials = { token?: string; user?: (typeof organizationRoles)[number] };
const strangers: [string, () => Credentials][] = [
  ["nobody", () => ({})],
  ...organizationRoles.map((user): [string, () => Credentials] => [`the ${user} of another organization`, () => ({ user })]),
  ["a key that reads", () => ({ token: tokens["reader"] ?? "" })],
  ["a key that writes", () => ({ token: tokens["writer"] ?? "" })],
];

function asking({ token, user }: Credentials, path: string, method = "GET"): Promise<Response> {
  const { serving, own } = tenants;
  if (user) return serving.as(own.users[user], path, { method });
  return serving.ask(path, token === undefined ? { method } : { method, token });
}

describe.each(strangers)("%s", (_, credentials) => {
  test.each(Object.entries(plainRoutes))("gets nothing of a tenant by %s and changes nothing", async (route, { statuses, asked }) => {
    const before = await tableChecksum(tenants.serving.test);
    for (const path of asked(tenants.foreign)) {
      for (const method of route.startsWith("ALL") ? ["GET", "POST", "HEAD", "OPTIONS", "DELETE"] : ["GET"]) {
        const answer = await asking(credentials(), path, method);
        const text = await answer.text();
        expect(statuses, `${method} ${path} ${text.slice(0, 300)}`).toContain(answer.status);
        // The address that was asked for stands in a refusal of it.
        for (const [what, value] of Object.entries(tenants.foreign)) if (!path.includes(value)) expect(text, what).not.toContain(value);
      }
    }
    expect(await tableChecksum(tenants.serving.test)).toBe(before);
  });
});

test("the endpoint that strangers can't find is there for its own organization", async () => {
  const { serving, other, foreign } = tenants;
  for (const role of organizationRoles) {
    const answer = await serving.as(other.users[role], `/d/${foreign.deploymentSlug}/graphql`);
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: "unavailable" }]);
  }
});

test("the export of one's own log holds nothing of another's, whatever of theirs it is filtered by", async () => {
  const { serving, own, ours, foreign } = tenants;
  const [all, ...foreignFilters] = filters(foreign);
  for (const format of ["csv", "json"]) {
    const path = `/api/organization/audit-log/export?format=${format}&organization=${own.id}`;
    for (const filter of foreignFilters) {
      const answer = await serving.as(own.users.member, path + filter);
      const lines = (await answer.text()).trim().split("\n");
      expect([answer.status, lines.length], filter).toEqual([200, 1]);
    }
    const whole = await (await serving.as(own.users.member, `${path}${all}&action=api_key.created`)).text();
    expect(whole).toContain(ours.keyId);
    for (const [what, value] of Object.entries(foreign)) expect(whole, what).not.toContain(value);
  }
});

test("a session moved into an organization that isn't the user's downloads nothing there", async () => {
  const { serving, own, foreign } = tenants;
  const { admin } = own.users;
  await serving.test.owner.query("update sessions set active_organization_id = $2 where user_id = $1", [admin.id, foreign.organizationId]);
  const answer = await serving.as(admin, `/api/organization/audit-log/export?format=csv&organization=${foreign.organizationId}`);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, "not_found"]);
});
