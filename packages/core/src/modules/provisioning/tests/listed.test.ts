import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";
import { organizationOverview } from "../overview.ts";
import { getDeployment, getListedDeployment, listDeployments, pageDeployments } from "../read-deployments.ts";

let host: TestPlatform;
let tenant: TestTenant;

/** As much as a create of 256 KiB can declare. */
const events = Array.from({ length: 380 }, (_, at) => `${"E".repeat(120)}${at}(address,address,uint256)`);
const contracts = ["0x01", "0x02", "0x03", "0x04"].map((address) => ({ address, startBlock: 7, events }));
const config = { network: "local", rpcUrl: null, chainId: 31_337, contracts };
const listed = { ...config, contracts: contracts.map(({ address, startBlock }) => ({ address, startBlock })) };

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
  for (let number = 0; number < 100; number += 1) {
    await host.owner.query(
      `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
       values ($1, $2, 'indexer', $2, $2, 'evm-events', 'running', 'running', $3, '', 'test')`,
      [tenant.id, newId("deployment"), JSON.stringify(config)],
    );
  }
});
afterAll(() => host?.close());

test("lists leave the signatures of events out, so that the largest page stays small whatever was declared", async () => {
  const ctx = tenant.asMember();
  const { data, total } = await listDeployments(ctx, { kind: "indexer", limit: 100, offset: 0 });
  const { items } = await pageDeployments(ctx, { kind: "indexer", limit: 100 });
  const { recentDeployments } = await organizationOverview(ctx);
  expect([total, data.length, items.length, recentDeployments.length]).toEqual([100, 100, 100, 5]);
  for (const deployment of [...data, ...items, ...recentDeployments]) expect(deployment.config).toEqual(listed);
  expect(JSON.stringify(data).length).toBeLessThan(100 * 1_024);
});

test("one deployment tells its events, and what follows all of them doesn't", async () => {
  const ctx = tenant.asMember();
  const id = (await listDeployments(ctx, { kind: "indexer", limit: 1, offset: 0 })).data[0]?.id as string;
  expect((await getDeployment(ctx, { id })).config).toEqual(config);
  expect((await getListedDeployment(ctx, { id })).config).toEqual(listed);
  await expect(getListedDeployment(ctx, { id: newId("deployment") })).rejects.toMatchObject({ code: "not_found" });
});
