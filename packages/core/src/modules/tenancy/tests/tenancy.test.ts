import type { Context } from "@obelisk/core/kernel/context";
import { createUser, userByEmail } from "@obelisk/core/modules/access";
import { verifyChain } from "@obelisk/core/modules/audit";
import { addMember, createOrganization, listMemberships, organizationBySlug, switchOrganization } from "@obelisk/core/modules/tenancy";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";

let host: TestPlatform;
let counted = 0;

beforeAll(async () => {
  host = await openTestPlatform();
});

afterAll(() => host?.close());

async function person(): Promise<{ id: string; ctx: Context }> {
  counted += 1;
  const user = await createUser(host.platform, { email: `Person${counted}@example.test`, name: "Person", password: "obelisk-demo" });
  return {
    id: user.id,
    ctx: { platform: host.platform, requestId: "test", actor: { type: "user", id: user.id, label: user.email }, ip: null },
  };
}

const entries = async (organizationId: string) =>
  (await host.owner.query("select action, actor_id from audit_entries where organization_id = $1 order by sequence", [organizationId]))
    .rows;

test("an organization begins with its owner and the first entry of its log, or not at all", async () => {
  const { id, ctx } = await person();
  const { organization, role } = await createOrganization(ctx, { name: "Acme", slug: "acme" });
  expect(role).toBe("owner");
  expect(await listMemberships(host.platform, id)).toEqual([{ organization, role: "owner" }]);
  expect(await entries(organization.id)).toEqual([{ action: "organization.created", actor_id: id }]);
  expect((await verifyChain(host.platform, organization.id)).intact).toBe(true);
  const other = await person();
  await expect(createOrganization(other.ctx, { name: "Acme", slug: "acme" })).rejects.toMatchObject({
    code: "conflict",
    errors: [{ path: "slug" }],
  });
  expect(await listMemberships(host.platform, other.id)).toEqual([]);
  expect((await organizationBySlug(host.platform, "acme"))?.id).toBe(organization.id);
});

test("of many who want one address at once exactly one gets it", async () => {
  const { ctx } = await person();
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => createOrganization(ctx, { name: "Race", slug: "race" })));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("adding a member is recorded, and adding one again changes nothing", async () => {
  const [owner, added] = [await person(), await person()];
  const { organization } = await createOrganization(owner.ctx, { name: "Team", slug: "team" });
  for (let time = 0; time < 2; time += 1) await addMember(owner.ctx, { organizationId: organization.id, userId: added.id, role: "member" });
  expect((await entries(organization.id)).map(({ action }) => action)).toEqual(["organization.created", "member.added"]);
  expect((await listMemberships(host.platform, added.id))[0]?.role).toBe("member");
});

test("nobody's session enters an organization that isn't theirs, nor anybody else's session", async () => {
  const [owner, stranger] = [await person(), await person()];
  const { organization } = await createOrganization(owner.ctx, { name: "Closed", slug: "closed" });
  for (const [id, { id: userId }] of [
    ["ses_stranger", stranger],
    ["ses_owner", owner],
  ] as const) {
    await host.owner.query("insert into sessions (id, user_id, token, expires_at) values ($1, $2, $1, now() + interval '1 day')", [
      id,
      userId,
    ]);
  }
  const active = async (id: string) =>
    (await host.owner.query("select active_organization_id as at from sessions where id = $1", [id])).rows[0].at;
  const target = { organizationId: organization.id };
  await expect(switchOrganization(stranger.ctx, { ...target, sessionId: "ses_stranger" })).rejects.toMatchObject({ code: "not_found" });
  await switchOrganization(owner.ctx, { ...target, sessionId: "ses_stranger" });
  expect(await active("ses_stranger")).toBeNull();
  for (let time = 0; time < 2; time += 1) await switchOrganization(owner.ctx, { ...target, sessionId: "ses_owner" });
  expect(await active("ses_owner")).toBe(organization.id);
  expect((await entries(organization.id)).filter(({ action }) => action === "organization.entered")).toHaveLength(1);
});

test("an e-mail address has one user, however it is spelled", async () => {
  await createUser(host.platform, { email: "One@Example.test", name: "One", password: "obelisk-demo", role: "admin" });
  expect(await userByEmail(host.platform, "ONE@example.test")).toMatchObject({ email: "one@example.test", role: "admin" });
  const again = createUser(host.platform, { email: "one@EXAMPLE.test", name: "Two", password: "obelisk-demo" });
  await expect(again).rejects.toMatchObject({ code: "conflict", errors: [{ path: "email" }] });
  await expect(createUser(host.platform, { email: "x", name: "", password: "short" })).rejects.toMatchObject({
    code: "invalid_request",
    errors: [{}, {}, {}],
  });
});
