import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";
import { cancelTask } from "../cancel-task.ts";
import { finishTask } from "../finish-task.ts";
import { unreachable } from "../supervision/health-policy.ts";
import { recordHealth, takeDueInstances } from "../system/instance-leases.ts";
import { type ClaimedTask, claimTask, handBackTask } from "../system/task-leases.ts";

let host: TestPlatform;
let tenant: TestTenant;

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
});
afterAll(() => host?.close());

async function insertDeployment(): Promise<string> {
  const id = newId("deployment");
  await host.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
     values ($1, $2, 'indexer', $2, $2, 'evm-events', 'running', 'running', '{}', '', 'test')`,
    [tenant.id, id],
  );
  return id;
}

/** A redeployment that a worker has claimed. */
async function claimed(): Promise<ClaimedTask> {
  const [deploymentId, taskId] = [await insertDeployment(), newId("task")];
  await host.owner.query(
    `insert into tasks (organization_id, id, deployment_id, action, status, former_status, former_desired_state, requested_by, request_id, deadline_at)
     values ($1, $2, $3, 'redeploy', 'queued', 'running', 'running', 'test', 'test', now() + interval '5 minutes')`,
    [tenant.id, taskId, deploymentId],
  );
  return (await claimTask(host.platform, taskId, "worker", () => ({ status: "provisioning", steps: [] }))) as ClaimedTask;
}

const jobsOf = async ({ deploymentId }: ClaimedTask) =>
  (await host.owner.query("select start_after <= now() as due from pgboss.job where singleton_key = $1", [deploymentId])).rows;

test("a cancel that was accepted holds against a failure that is recorded later", async () => {
  const task = await claimed();
  await cancelTask(tenant.asOwner(), { taskId: task.taskId });
  const failed = { status: "failed", failure: { code: "start_failed", message: "It didn't start." } } as const;
  const ctx = { ...tenant.asOwner(), actor: { type: "system", id: "worker", label: "worker" } } as const;
  await expect(finishTask(ctx, { task, end: failed, progress: "begun" })).rejects.toMatchObject({ reason: "cancelled" });
  await finishTask(ctx, { task, end: { status: "cancelled", health: null }, progress: "begun" });
  const { rows } = await host.owner.query("select status, failure from deployments where id = $1", [task.deploymentId]);
  expect(rows).toEqual([{ status: "degraded", failure: null }]);
});

test("what runs again after a cancel says so from that moment on, and keeps no number from before it", async () => {
  const task = await claimed();
  const before = { status: "healthy", message: null, syncedBlock: 42, headBlock: 42, lagBlocks: 0, checkedAt: "2026-01-01T00:00:00.000Z" };
  await host.owner.query("update deployments set health = $2 where id = $1", [task.deploymentId, before]);
  await finishTask(tenant.asOwner(), { task, end: { status: "cancelled", health: null }, progress: "begun" });
  const { rows } = await host.owner.query("select status, health from deployments where id = $1", [task.deploymentId]);
  expect(rows).toEqual([
    {
      status: "degraded",
      health: {
        ...{ status: "degraded", message: "Starting again after the cancelled redeployment." },
        ...{ syncedBlock: null, headBlock: null, lagBlocks: null, checkedAt: expect.stringMatching(/^2/) },
      },
    },
  ]);
  const untouched = await claimed();
  await host.owner.query("update deployments set health = $2 where id = $1", [untouched.deploymentId, before]);
  await finishTask(tenant.asOwner(), { task: untouched, end: { status: "cancelled", health: null }, progress: "looked" });
  const left = await host.owner.query("select status, health from deployments where id = $1", [untouched.deploymentId]);
  expect(left.rows).toEqual([{ status: "running", health: before }]);
});

test("a cancel of a task that was handed back for a later try is looked after at once, one of a held task by who holds it", async () => {
  const held = await claimed();
  await cancelTask(tenant.asOwner(), { taskId: held.taskId });
  expect(await jobsOf(held)).toEqual([]);
  const waiting = await claimed();
  await handBackTask(host.platform, waiting, waiting.attempt, "Handed back.");
  await cancelTask(tenant.asOwner(), { taskId: waiting.taskId });
  expect(await jobsOf(waiting)).toEqual([{ due: true }]);
});

test("a deployment whose program gives no numbers under its new lease keeps those it had", async () => {
  const id = await insertDeployment();
  const numbers = { syncedBlock: 40, headBlock: 42, lagBlocks: 2 };
  const known = { status: "healthy", message: null, ...numbers, checkedAt: "2026-01-01T00:00:00.000Z" } as const;
  const lease = (await takeDueInstances(host.platform, "worker", ["evm-events"], [], 10)).find(({ deploymentId }) => deploymentId === id);
  if (!lease) throw new Error("it wasn't due");
  const health = async () => (await host.owner.query("select status, health from deployments where id = $1", [id])).rows[0];
  await recordHealth(host.platform, lease, known);
  expect(await health()).toEqual({ status: "running", health: known });
  const gone = unreachable(null, "It is gone.", new Date("2026-01-02"));
  await recordHealth(host.platform, lease, gone);
  expect(await health()).toEqual({ status: "degraded", health: { ...gone, ...numbers } });
  const starting = { ...gone, status: "degraded", message: "It starts over." } as const;
  await recordHealth(host.platform, lease, starting);
  expect(await health()).toEqual({ status: "degraded", health: starting });
});
