import { setTimeout as sleep } from "node:timers/promises";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";
import { admit } from "../admission.ts";
import { leaseMs } from "../policy.ts";
import { claimTask } from "../system/task-leases.ts";
import { readOffer } from "../system/task-offers.ts";

let host: TestPlatform;
let tenant: TestTenant;
let deploymentId: string;
let taskId: string;

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
});
afterAll(() => host?.close());
beforeEach(async () => {
  [deploymentId, taskId] = [newId("deployment"), newId("task")];
  await host.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
     values ($1, $2, 'indexer', $2, $2, 'evm-events', 'queued', 'running', '{}', '', 'test')`,
    [tenant.id, deploymentId],
  );
  await host.owner.query(
    `insert into tasks (organization_id, id, deployment_id, action, status, former_status, former_desired_state, requested_by, request_id, deadline_at)
     values ($1, $2, $3, 'provision', 'queued', 'queued', 'running', 'test', 'test', now() + interval '5 minutes')`,
    [tenant.id, taskId, deploymentId],
  );
});

const claim = (owner: string) => claimTask(host.platform, taskId, owner, () => ({ status: "provisioning", steps: [] }));

test("a claim that waited for the deployment's row gives a whole lease, and nobody else can have the task meanwhile", async () => {
  const holder = await host.owner.connect();
  await holder.query("begin");
  await holder.query("select 1 from deployments where id = $1 for update", [deploymentId]);
  const claims = Promise.all([claim("one"), claim("another")]);
  await waitFor(
    async () =>
      (await host.owner.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"))
        .rowCount === 2,
    { what: "both wait for the row" },
  );
  await sleep(4_000);
  const freedAt = Date.now();
  await holder.query("commit");
  holder.release();
  const claimed = (await claims).flatMap((task) => task ?? []);
  const { rows } = await host.owner.query(
    "select (extract(epoch from lease_expires_at - clock_timestamp()) * 1000)::int as left from tasks where id = $1",
    [taskId],
  );
  expect(claimed).toHaveLength(1);
  expect(rows[0].left).toBeGreaterThan(9_000);
  expect(rows[0].left).toBeLessThanOrEqual(leaseMs);
  // Whoever has it counts from the same moment: neither from when it began to wait, nor from later than the lease does.
  expect(claimed[0]?.heldSince).toBeGreaterThanOrEqual(freedAt);
  expect(claimed[0]?.heldSince).toBeLessThanOrEqual(Date.now() + rows[0].left - leaseMs);
  while (Date.now() < freedAt + leaseMs * 0.8) {
    expect(await claim("a third")).toBeNull();
    await sleep(250);
  }
});

test("a full worker leaves a task to one that has room, also where that one backs off from the deployment, and to none that is full too", async () => {
  const report = (capacity: number) =>
    host.owner.query(
      `insert into workers (id, host, pid, version, driver, templates, capacity, instances, unable, heartbeat_at)
       values ('wrk_other', 'here', 1, '0', 'process', '{evm-events}', $2, 1, array[$1], now())
       on conflict (id) do update set capacity = excluded.capacity`,
      [deploymentId, capacity],
    );
  const offered = async () => {
    const offer = await readOffer(host.platform, taskId, "wrk_own");
    if (!offer) throw new Error("there is no such task");
    const { programElsewhere, roomElsewhere, ableElsewhere } = offer;
    return [programElsewhere, roomElsewhere, ableElsewhere, admit({ ...offer, fitness: "full", ownTasks: 0, concurrency: 2 })];
  };
  expect(await offered()).toEqual([false, false, false, "take"]);
  await report(2);
  expect(await offered()).toEqual([true, true, false, "later"]);
  await report(1);
  expect(await offered()).toEqual([true, false, false, "take"]);
  // The place it has already for this very program.
  await host.owner.query(
    `insert into instances (organization_id, deployment_id, worker_id, epoch, state, lease_expires_at)
     values ($1, $2, 'wrk_other', 1, 'ready', now() + interval '10 seconds')`,
    [tenant.id, deploymentId],
  );
  expect(await offered()).toEqual([true, true, false, "later"]);
  await host.owner.query("update workers set unable = '{}'");
  expect(await offered()).toEqual([true, true, true, "later"]);
});
