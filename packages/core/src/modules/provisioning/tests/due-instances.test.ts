import { deploymentStatuses } from "@obelisk/schemas/deployments";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../kernel/ids.ts";
import { releaseInstance, takeDueInstances } from "../system/instance-leases.ts";

let test: TestPlatform;
let tenant: TestTenant;

beforeAll(async () => {
  test = await openTestPlatform();
  tenant = await createTenant(test);
});
afterAll(() => test.close());
beforeEach(() => test.owner.query("truncate deployments cascade"));

type Lease = "none" | "held" | "expired";

interface Row {
  status: string;
  desiredState: string;
  template: string;
  lease: Lease;
  task: "none" | "queued" | "running" | "succeeded" | "failed";
}

async function insert({ status, desiredState, template, lease, task }: Row): Promise<string> {
  const id = newId("deployment");
  await test.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by, epoch)
     values ($1, $2, 'indexer', $2, $2, $3, $4, $5, '{}', '', 'test', 5)`,
    [tenant.id, id, template, status, desiredState],
  );
  if (lease !== "none") {
    await test.owner.query(
      `insert into instances (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state)
       values ($1, $2, 'other', 5, now() + $3::interval, 'ready')`,
      [tenant.id, id, lease === "held" ? "10 seconds" : "-1 millisecond"],
    );
  }
  if (task !== "none") {
    await test.owner.query(
      `insert into tasks (organization_id, id, deployment_id, action, status, former_status, former_desired_state, requested_by, request_id, deadline_at)
       values ($1, $2, $3, 'redeploy', $4, 'running', 'running', 'test', 'test', now() + interval '1 minute')`,
      [tenant.id, newId("task"), id, task],
    );
  }
  return id;
}

describe("programs a worker takes charge of", () => {
  it("are those nobody has tried for longest: many that can't be run keep none waiting", async () => {
    const due = { status: "running", desiredState: "running", template: "evm-events", lease: "none", task: "none" } as const;
    const ids = [];
    for (let index = 0; index < 20; index += 1) ids.push(await insert(due));
    const tried = [];
    for (let pass = 0; pass < 6; pass += 1) {
      const taken = await takeDueInstances(test.platform, "worker", ["evm-events"], [], 4);
      for (const lease of taken) await releaseInstance(test.platform, lease);
      tried.push(...taken.map(({ deploymentId }) => deploymentId));
    }
    expect(tried.slice(0, 20)).toEqual(ids);
    expect(tried.slice(20)).toEqual(ids.slice(0, 4));
  });

  it("are exactly those that should run, that no task works on and that nobody answers for", async () => {
    const rows: Row[] = deploymentStatuses.flatMap((status) =>
      ["running", "suspended", "deprovisioned"].flatMap((desiredState) =>
        (["none", "held", "expired"] as const).flatMap((lease) =>
          (["none", "queued", "running", "succeeded", "failed"] as const).map((task) => ({
            ...{ status, desiredState, template: "evm-events", lease, task },
          })),
        ),
      ),
    );
    const expected = new Set<string>();
    for (const row of rows) {
      const id = await insert(row);
      const wanted = row.desiredState === "running" && (row.status === "running" || row.status === "degraded");
      if (wanted && row.lease !== "held" && row.task !== "queued" && row.task !== "running") expected.add(id);
    }
    const taken = await takeDueInstances(test.platform, "worker", ["evm-events"], [], rows.length);
    expect(new Set(taken.map(({ deploymentId }) => deploymentId))).toEqual(expected);
    expect(expected.size).toBe(2 * 2 * 3);
    expect(taken.every(({ epoch, workerId }) => epoch === 6 && workerId === "worker")).toBe(true);
    expect(await takeDueInstances(test.platform, "second", ["evm-events"], [], rows.length)).toEqual([]);
  });

  it("are of its own templates only, no more than asked for, and go to one of several workers that ask at once", async () => {
    const due = { status: "running", desiredState: "running", lease: "none", task: "none" } as const;
    for (let index = 0; index < 40; index += 1) await insert({ ...due, template: "evm-events" });
    expect(await takeDueInstances(test.platform, "stranger", ["other-template"], [], 100)).toEqual([]);
    const { rows: known } = await test.owner.query("select id from deployments limit 39");
    const [only] = await takeDueInstances(
      test.platform,
      "sick",
      ["evm-events"],
      known.map(({ id }) => id),
      100,
    );
    expect(known.map(({ id }) => id)).not.toContain(only?.deploymentId);
    await test.owner.query("update instances set lease_expires_at = now()");
    const rounds = await Promise.all(
      Array.from({ length: 8 }, (_, index) => takeDueInstances(test.platform, `w${index}`, ["evm-events"], [], 4)),
    );
    expect(rounds.every((leases) => leases.length <= 4)).toBe(true);
    const taken = rounds.flat();
    for (;;) {
      const more = await takeDueInstances(test.platform, "rest", ["evm-events"], [], 4);
      if (more.length === 0) break;
      taken.push(...more);
    }
    expect(new Set(taken.map(({ deploymentId }) => deploymentId)).size).toBe(40);
    expect(taken).toHaveLength(40);
  });
});
