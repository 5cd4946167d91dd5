import { setTimeout as sleep } from "node:timers/promises";
import { FreezingProxy } from "@obelisk/testing/freezing-proxy";
import { createTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";
import type { RuntimeDriver } from "../driver/index.ts";
import { leaseMs } from "../policy.ts";
import { Supervisor } from "../supervision/supervisor.ts";
import { type ClaimedTask, claimTask } from "../system/task-leases.ts";
import { TaskRun } from "../task-run.ts";

let near: TestPlatform;
let far: TestPlatform;
let proxy: FreezingProxy;
let taskId: string;

beforeAll(async () => {
  near = await openTestPlatform();
  proxy = await FreezingProxy.start(near.database.databaseUrl);
  far = await openTestPlatform({ database: { ...near.database, databaseUrl: proxy.through(near.database.databaseUrl) } });
  const { id: organizationId } = await createTenant(near);
  const deploymentId = newId("deployment");
  taskId = newId("task");
  await near.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
     values ($1, $2, 'indexer', $2, $2, 'evm-events', 'queued', 'running', '{}', '', 'test')`,
    [organizationId, deploymentId],
  );
  await near.owner.query(
    `insert into tasks (organization_id, id, deployment_id, action, status, former_status, former_desired_state, requested_by, request_id, deadline_at)
     values ($1, $2, $3, 'provision', 'queued', 'queued', 'running', 'test', 'test', now() + interval '5 minutes')`,
    [organizationId, taskId, deploymentId],
  );
});
afterAll(async () => {
  proxy?.cut();
  await far?.close();
  proxy?.close();
  await near?.close();
});

const claim = (by: TestPlatform, owner: string) => claimTask(by.platform, taskId, owner, () => ({ status: "provisioning", steps: [] }));

test("a worker whose database falls silent gives its task up before another can have it, and renews its leases once it is back", async () => {
  const { logger } = far.platform;
  const driver = { name: "none", list: () => [], close: async () => undefined } as unknown as RuntimeDriver;
  const changes = { subscribe: () => expect.unreachable(), subscribers: 0, close: async () => undefined };
  const supervisor = new Supervisor(far.platform, driver, "far", 1, changes, logger);
  const run = new TaskRun(far.platform, (await claim(far, "far")) as ClaimedTask, new AbortController().signal, logger);
  try {
    // Long enough for signs of life to have kept the lease.
    await sleep(leaseMs + 2_000);
    expect(run.signal.aborted).toBe(false);
    await supervisor.renew();
    proxy.freeze();
    const frozenAt = Date.now();
    const renewal = supervisor.renew().catch((error: Error) => error.message);
    let next: ClaimedTask | null = null;
    while (!next) {
      await sleep(100);
      const lost = run.signal.aborted;
      next = await claim(near, "near");
      if (next) expect(lost).toBe(true);
    }
    expect(Date.now() - frozenAt).toBeLessThan(leaseMs + 2_000);
    expect(run.signal.reason).toMatchObject({ name: "TaskInterrupted", reason: "lost" });
    expect(await renewal).toBe("no answer within 10 s");
    expect(Date.now() - frozenAt).toBeLessThan(leaseMs + 2_000);
    proxy.mend();
    await supervisor.renew();
  } finally {
    run.close();
    await supervisor.close();
  }
});
