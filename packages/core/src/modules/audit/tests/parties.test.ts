import { createApiKey, revokeApiKey } from "@obelisk/core/modules/api-keys";
import { auditParties } from "@obelisk/core/modules/audit";
import { createTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";

let host: TestPlatform;

beforeAll(async () => {
  host = await openTestPlatform();
});
afterAll(() => host?.close());

test("names each party once, the newest first, and nobody of another organization", async () => {
  const [tenant, other] = await Promise.all([createTenant(host), createTenant(host)]);
  await createApiKey(other.asOwner(), { name: "theirs", scopes: ["deployments:read"] });
  const { key: first } = await createApiKey(tenant.asOwner(), { name: "first", scopes: ["deployments:read"] });
  const { key: second } = await createApiKey(tenant.asAdmin(), { name: "second", scopes: ["deployments:read"] });
  await revokeApiKey(tenant.asOwner(), { id: first.id });
  const { actors, targets } = await auditParties(tenant.asMember());
  expect(targets.slice(0, 2)).toEqual([
    { type: "api_key", id: first.id, label: "first" },
    { type: "api_key", id: second.id, label: "second" },
  ]);
  expect(targets.filter(({ id }) => id === first.id)).toHaveLength(1);
  expect(actors.slice(0, 2).map(({ type, id }) => [type, id])).toEqual(
    [tenant.asOwner(), tenant.asAdmin()].map(({ actor }) => [actor.type, actor.id]),
  );
  expect(JSON.stringify(targets)).not.toContain("theirs");
});
