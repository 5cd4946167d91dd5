import { createApiKey, revokeApiKey, rotateApiKey } from "@obelisk/core/modules/api-keys";
import { verifyChain } from "@obelisk/core/modules/audit";
import { createDeployment, preflight } from "@obelisk/core/modules/provisioning";
import { createOrganization } from "@obelisk/core/modules/tenancy";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { createTenant, createUser, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OrganizationContext } from "../src/kernel/context.ts";
import type { CreateDeploymentInput } from "../src/modules/provisioning/preflight.ts";

const allowed = 4;
const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

/** Two processes' views of one database. */
let hosts: [TestPlatform, TestPlatform];
let chain: LocalChain;
let tenant: TestTenant;

beforeAll(async () => {
  const settings = { limits: { deployments: allowed, apiKeys: allowed, organizations: allowed, storageBytes: 1024 ** 4 } };
  const first = await openTestPlatform({ settings });
  hosts = [first, await openTestPlatform({ settings, database: first.database })];
  chain = await startLocalChain();
  await chain.client.setCode({ address, bytecode: "0x00" });
  await first.owner.query(
    `insert into workers (id, host, pid, version, driver, templates, capacity, heartbeat_at)
     values ('wrk_1', 'here', 1, '0', 'process', '{evm-events}', 1000, now() + interval '1 hour')`,
  );
  tenant = await createTenant(first);
});

afterAll(async () => {
  await hosts?.[1].close();
  await hosts?.[0].close();
  await chain?.stop();
});

const deploymentInput = (): CreateDeploymentInput => ({
  name: "x",
  rpcUrl: chain.rpcUrl,
  contracts: [{ address, abi: [{ type: "event", name: "Moved", inputs: [] }] }],
});

/** Asks fifty times at once, half of them in either process. */
async function fifty<Result>(ask: (ctx: OrganizationContext) => Promise<Result>) {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) => ask({ ...tenant.asOwner(), platform: (hosts[index % 2] as TestPlatform).platform })),
  );
  const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  return { made, refused };
}

const query = async (text: string, values: unknown[] = [tenant.id]) => (await hosts[0].owner.query(text, values)).rows;

describe("deployments of an organization", () => {
  const create = (ctx: OrganizationContext) => createDeployment(ctx, "indexer", deploymentInput());

  it("fill up to the limit and not beyond, however many are created at once, and what is refused leaves nothing behind", async () => {
    for (let place = 1; place < allowed; place += 1) await create(tenant.asOwner());
    const { made, refused } = await fifty(create);
    expect(made).toHaveLength(1);
    for (const error of refused) {
      expect(error).toMatchObject({ code: "plan_limit_reached", status: 402 });
      expect(error.message).toBe(
        "This organization has 4 deployments, and its limit is 4. Deprovision one that is no longer needed, or ask the operator to raise ORGANIZATION_MAX_DEPLOYMENTS.",
      );
    }
    for (const table of ["deployments", "tasks", "audit_entries"])
      expect(await query(`select count(*)::int as rows from ${table} where organization_id = $1`), table).toEqual([{ rows: allowed }]);
    expect(await query("select count(*)::int as rows from pgboss.job where name = 'provisioning.run-task'", [])).toEqual([
      { rows: allowed },
    ]);
    expect((await verifyChain(hosts[0].platform, tenant.id)).intact).toBe(true);
  });

  it("are told to be at the limit before anything is sent, until one is deprovisioned", async () => {
    const ask = async () => (await preflight(tenant.asMember(), "indexer", deploymentInput())).find(({ name }) => name === "plan");
    expect(await ask()).toMatchObject({ status: "fail", remedy: expect.stringContaining("Deprovision one") });
    await query(
      "update deployments set status = 'deprovisioned' where id = (select id from deployments where organization_id = $1 limit 1)",
    );
    expect(await ask()).toEqual({ name: "plan", status: "pass", detail: "Room for 1 more of 4 deployments.", remedy: null });
    expect((await fifty(create)).made).toHaveLength(1);
  });

  it("of one organization take no place of another's", async () => {
    const other = await createTenant(hosts[0]);
    expect((await create(other.asOwner())).status).toBe("queued");
  });
});

describe("API keys of an organization", () => {
  const create = (ctx: OrganizationContext) => createApiKey(ctx, { name: "ci", scopes: ["deployments:read"], expiresInSeconds: 3_600 });

  it("fill up to the limit and not beyond, and a rotation with overlap is no further key", async () => {
    for (let place = 1; place < allowed; place += 1) await create(tenant.asOwner());
    const { made, refused } = await fifty(create);
    expect(made).toHaveLength(1);
    expect(new Set(refused.map(({ message }) => message))).toEqual(
      new Set([
        "This organization has 4 API keys that still work, and its limit is 4. Revoke one that is no longer needed, or ask the operator to raise ORGANIZATION_MAX_API_KEYS.",
      ]),
    );
    const id = made[0]?.key.id ?? "";
    for (let time = 0; time < 2; time += 1)
      expect((await rotateApiKey(tenant.asOwner(), { id, overlapSeconds: 600 })).key.status).toBe("rotating");
  });

  it("leave room again by being revoked and by expiring", async () => {
    const [revoked, expired] = await query("select id from api_keys where organization_id = $1 order by id limit 2");
    await revokeApiKey(tenant.asOwner(), { id: revoked.id });
    await query("update api_keys set expires_at = now() where id = $1", [expired.id]);
    expect((await fifty(create)).made).toHaveLength(2);
  });
});

it("one person owns as many organizations as one may, however many are made at once", async () => {
  const user = await createUser(hosts[0], { email: "founder@limits.test" });
  const { made, refused } = await fifty(({ platform, requestId }) => {
    const slug = `founded-${requestId.slice(-12)}`;
    return createOrganization(
      { platform, requestId, actor: { type: "user", id: user.id, label: user.email }, ip: null },
      { name: slug, slug },
    );
  });
  expect(made).toHaveLength(allowed);
  expect(refused[0]).toMatchObject({ code: "plan_limit_reached", message: expect.stringContaining("You own 4 organizations") });
  const rows = await query("select count(*)::int as rows from organizations where slug like 'founded-%'", []);
  expect(rows).toEqual([{ rows: allowed }]);
});
