import { createApiKey } from "@obelisk/core/modules/api-keys";
import { exportAudit, pageAudit } from "@obelisk/core/modules/audit";
import { cancelTask, rerunTask, setVisibility, suspendDeployment } from "@obelisk/core/modules/provisioning";
import { createTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";

let host: TestPlatform;

beforeAll(async () => {
  host = await openTestPlatform();
});
afterAll(() => host?.close());

test("a deployment's story holds what was done to it and to its tasks, each named by what it does to which, in list and export alike", async () => {
  const tenant = await createTenant(host);
  const ctx = tenant.asOwner();
  const [id, other] = [newId("deployment"), newId("deployment")];
  for (const [each, name] of Object.entries({ [id]: "transfers", [other]: "other" }))
    await host.owner.query(
      `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
       values ($1, $2, 'indexer', $3, $2, 'evm-events', 'running', 'running', '{}', '', 'test')`,
      [tenant.id, each, name],
    );
  await createApiKey(ctx, { name: "key", scopes: ["deployments:read"] });
  const { currentTask } = await suspendDeployment(ctx, { id });
  await suspendDeployment(ctx, { id: other });
  const cancelled = await cancelTask(ctx, { taskId: currentTask?.id ?? "" });
  const again = await rerunTask(ctx, { taskId: cancelled.id });
  await host.owner.query("update tasks set status = 'running' where id = $1", [again.id]);
  expect(await cancelTask(ctx, { taskId: again.id })).toMatchObject({ id: again.id, action: "suspend", cancelRequested: true });
  await setVisibility(ctx, { id, visibility: "public" });

  const story = [
    ["deployment.suspended", "transfers"],
    ["task.cancelled", "suspend transfers"],
    ["task.rerun", "suspend transfers"],
    ["task.cancel_requested", "suspend transfers"],
    ["deployment.visibility_changed", "transfers"],
  ];
  const told = (entries: { action: string; target: { label: string } }[]) => entries.map(({ action, target }) => [action, target.label]);
  const { items } = await pageAudit(tenant.asMember(), { targetId: id });
  expect(told(items.toReversed())).toEqual(story);
  let text = "";
  for await (const piece of await exportAudit(tenant.asMember(), { format: "json", targetId: id })) text += piece;
  expect(told(JSON.parse(text))).toEqual(story);
  expect(told((await pageAudit(tenant.asMember(), { targetId: again.id })).items)).toEqual([story[3], story[2]]);
});

test("it is found by its index, under row-level security too", async () => {
  const tenant = await createTenant(host);
  const client = await host.owner.connect();
  try {
    await client.query("begin");
    await client.query("set local role obelisk_app");
    await client.query("select set_config('app.organization_id', $1, true), set_config('enable_seqscan', 'off', true)", [tenant.id]);
    const { rows } = await client.query(
      "explain select * from audit_entries where organization_id = $1 and subject_id = $2 order by sequence desc limit 51",
      [tenant.id, newId("deployment")],
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toMatch(/audit_entries_by_subject[\s\S]*Index Cond:.*subject_id =/);
  } finally {
    await client.query("rollback");
    client.release();
  }
});
