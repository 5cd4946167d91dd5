import { setTimeout as sleep } from "node:timers/promises";
import { Secrets } from "@obelisk/core/kernel/secrets";
import { verifyAudit } from "@obelisk/core/modules/audit";
import {
  cancelTask,
  createDeployment,
  deprovisionDeployment,
  getInstance,
  getTask,
  listTasks,
  readLogs,
  redeployDeployment,
  registerNetwork,
  rerunTask,
  resolveEndpoint,
  resumeDeployment,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fixture, openFixture, type WorkerProcess } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.setFault({}));

async function newestTask(id: string) {
  const { items } = await listTasks(on.ctx, { id, limit: 10 });
  const task = items[0];
  if (!task) throw new Error("the deployment has no task");
  return task;
}

async function auditOf(targetId: string): Promise<string[]> {
  const { rows } = await on.test.owner.query("select action from audit_entries where target_id = $1 order by sequence", [targetId]);
  return rows.map((row) => row.action as string);
}

/** What the program of a deployment says of itself. */
async function healthOf(id: string): Promise<{ pid: number }> {
  const instance = (await resolveEndpoint(on.test.platform, (await on.get(id)).slug))?.instance;
  const answer = await fetch(`http://${instance?.address}/health`, { headers: { authorization: `Bearer ${instance?.token}` } });
  return (await answer.json()) as { pid: number };
}

describe("without a worker", () => {
  it("a creation is refused, naming the check and the remedy, and leaves nothing behind", async () => {
    await expect(on.create()).rejects.toMatchObject({
      code: "provisioning_unavailable",
      errors: [{ path: "driver", message: expect.stringContaining("obelisk worker") }],
    });
    const { rows } = await on.test.owner.query("select count(*)::int as n from deployments");
    expect(rows[0].n).toBe(0);
  });
});

describe("with a worker", () => {
  let worker: WorkerProcess;

  beforeAll(async () => {
    worker = await on.startWorker();
  });
  afterAll(() => on.stopWorkers());

  it("a creation is refused for a contract without code, a wrong chain and a dead RPC", async () => {
    const nowhere = { address: `0x${"ab".repeat(20)}`, abi: on.contract.abi as never };
    const input = { name: "x", rpcUrl: on.chain.rpcUrl, contracts: [nowhere] };
    await expect(createDeployment(on.ctx, "indexer", input)).rejects.toMatchObject({ errors: [{ path: "contracts" }] });
    await expect(createDeployment(on.ctx, "indexer", { ...input, rpcUrl: "http://127.0.0.1:1" })).rejects.toMatchObject({
      errors: [{ path: "rpc", message: expect.stringContaining("127.0.0.1:1") }],
    });
    const { network: _, ...other } = { network: null, ...input };
    await expect(createDeployment(on.ctx, "indexer", { ...other, template: "nothing" })).rejects.toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ path: "template" })]),
    });
  });

  it("goes from creation to running, suspended, running, redeployed and deprovisioned, its data kept until the end", async () => {
    const created = await on.create("Round trip");
    expect(created).toMatchObject({ status: "queued", currentTask: { action: "provision", status: "queued" } });
    const running = await on.until(created.id, "running");
    expect(running.currentTask).toBeNull();
    const provision = await newestTask(created.id);
    expect(provision.steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded", "succeeded"]);
    expect(provision.steps.every(({ detail }) => detail)).toBe(true);
    expect(await auditOf(provision.id)).toEqual(["task.succeeded"]);
    const endpoint = await resolveEndpoint(on.test.platform, created.slug);
    expect(endpoint?.instance?.address).toMatch(/^127\.0\.0\.1:\d+$/);

    await suspendDeployment(on.ctx, { id: created.id });
    await on.until(created.id, "suspended");
    expect((await resolveEndpoint(on.test.platform, created.slug))?.instance).toBeNull();
    const kept = (await on.ticks(created.id)).reduce((sum, { count }) => sum + count, 0);
    expect(kept).toBeGreaterThan(0);

    await resumeDeployment(on.ctx, { id: created.id });
    await on.until(created.id, "running");
    await redeployDeployment(on.ctx, { id: created.id });
    await on.until(created.id, (d) => d.status === "running" && d.currentTask === null);
    const writers = await on.ticks(created.id);
    expect(writers.length).toBeGreaterThanOrEqual(3);
    expect(writers.map(({ epoch }) => epoch)).toEqual([...writers.map(({ epoch }) => epoch)].sort((a, b) => a - b));

    await deprovisionDeployment(on.ctx, { id: created.id });
    const gone = await on.until(created.id, "deprovisioned");
    expect(gone.name).toBe("Round trip");
    const schema = created.id.replace("dep_", "rt_");
    const { rows } = await on.runtimes.query(
      "select to_regnamespace($1) as schema, (select count(*)::int from pg_roles where rolname = $1) as roles",
      [schema],
    );
    expect(rows[0]).toEqual({ schema: null, roles: 0 });
    const { rows: fence } = await on.runtimes.query("select epoch::int from obelisk.fences where deployment_id = $1", [created.id]);
    expect(fence[0].epoch).toBeGreaterThan(0);
  });

  it("a program that can't work with its configuration ends as failed with its last line", async () => {
    await on.setFault({ unworkable: "the ABI names no event" });
    const { id } = await on.create();
    const failed = await on.until(id, "failed");
    expect(failed.failure).toMatchObject({ code: "configuration_invalid", message: expect.stringContaining("the ABI names no event") });
    const task = await newestTask(id);
    expect(task).toMatchObject({ status: "failed", failure: { code: "configuration_invalid" } });
    expect(await auditOf(task.id)).toEqual(["task.failed"]);

    await on.setFault({});
    const again = await rerunTask(on.ctx, { taskId: task.id });
    expect(again).toMatchObject({ action: "provision", status: "queued" });
    await on.until(id, "running");
    expect(await getTask(on.ctx, { taskId: task.id })).toMatchObject({ status: "failed" });
  });

  it("a program that crashes on every start ends as failed with its last lines, within its task's time", async () => {
    await on.setFault({ crashOnStart: true });
    const { id } = await on.create();
    const failed = await on.until(id, "failed", 30_000);
    expect(failed.failure).toMatchObject({ code: "start_failed", message: expect.stringContaining("told to crash") });
    expect(await getInstance(on.ctx, { id })).toMatchObject({ lastExit: "exit code 1" });
  });

  it("a crash of a running program shows as degraded with the reason, and heals by itself", async () => {
    const { id } = await on.create();
    await on.until(id, "running");
    const { pid } = await healthOf(id);
    process.kill(pid, "SIGKILL");
    const degraded = await on.until(id, "degraded");
    expect(degraded.health).toMatchObject({ status: "unreachable", message: expect.stringContaining("SIGKILL") });
    await on.until(id, "running");
    expect(await getInstance(on.ctx, { id })).toMatchObject({ restarts: 1, state: "ready", lastExit: expect.stringContaining("SIGKILL") });
    const notes = (await readLogs(on.ctx, { id, limit: 100 })).filter(({ stream }) => stream === "system");
    expect(notes.map(({ message }) => message).join("\n")).toContain("starting it again");
  });

  it("a program that is given up outside of a task leaves its deployment failed, with the cause and an audit entry", async () => {
    const { id } = await on.create();
    await on.until(id, "running");
    await on.setFault({ unworkable: "the chain is another one now" });
    const { pid } = await healthOf(id);
    process.kill(pid, "SIGKILL");
    const failed = await on.until(id, "failed");
    expect(failed.failure).toMatchObject({
      code: "configuration_invalid",
      message: expect.stringContaining("the chain is another one now"),
    });
    expect(await auditOf(id)).toEqual(["deployment.created", "deployment.failed"]);
    expect(await verifyAudit(on.ctx)).toMatchObject({ intact: true });
    await on.setFault({});
    await redeployDeployment(on.ctx, { id });
    await on.until(id, "running");
  });

  it("a flood of output is kept bounded, and what was dropped is said", async () => {
    await on.setFault({ chatter: 3_000 });
    const { id } = await on.create();
    await on.until(id, "running");
    const lines = await waitFor(
      async () => {
        const found = await readLogs(on.ctx, { id, limit: 1_000 });
        return found.some(({ message }) => message.includes("lines were dropped")) ? found : null;
      },
      { what: "the dropped lines are told" },
    );
    expect(lines.length).toBeLessThan(700);
    const sequences = lines.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  it("a queued task that lost its job is found and done", async () => {
    const { id } = await on.create();
    await on.until(id, "running");
    worker.freeze();
    await suspendDeployment(on.ctx, { id });
    await on.test.owner.query("delete from pgboss.job where singleton_key = $1", [id]);
    worker.thaw();
    await on.until(id, "suspended");
  });

  it("a runtime's role reads no other deployment's rows and enters no other database", async () => {
    const [a, b] = await Promise.all([on.create("A"), on.create("B")]);
    await Promise.all([on.until(a.id, "running"), on.until(b.id, "running")]);
    const { platform } = on.test;
    const { rows } = await on.test.owner.query("select sealed_database_password as sealed from deployments where id = $1", [a.id]);
    const url = new URL(platform.settings.runtimeDatabaseUrl);
    url.username = a.id.replace("dep_", "rt_");
    url.password = platform.secrets.open(rows[0].sealed, `deployment.database-password:${a.id}`);
    const client = new pg.Client({ connectionString: url.href });
    client.on("error", () => undefined);
    await client.connect();
    const own = await client.query("select count(*)::int as n from ticks");
    expect(own.rows[0].n).toBeGreaterThan(0);
    await expect(client.query(`select * from ${b.id.replace("dep_", "rt_")}.ticks`)).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("select * from obelisk.fences")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("create table public.mine (a int)")).rejects.toMatchObject({ code: "42501" });
    await expect(client.query("drop table _lease")).rejects.toMatchObject({ code: "42501" });
    await client.end();
    url.pathname = new URL(on.test.database.databaseUrl).pathname;
    const control = new pg.Client({ connectionString: url.href });
    await expect(control.connect()).rejects.toMatchObject({ code: "42501" });
  });

  describe("cancelling", () => {
    it("a running provisioning ends it as failed with the code cancelled, nothing left running, and it can be run again", async () => {
      await on.setFault({ hangOnStart: true });
      const { id, currentTask } = await on.create();
      await on.until(
        id,
        (d) => d.currentTask?.steps.some(({ name, status }) => name === "Wait until it answers" && status === "running") ?? false,
      );
      const began = Date.now();
      await cancelTask(on.ctx, { taskId: currentTask?.id ?? "" });
      const cancelled = await on.until(id, "failed");
      expect(Date.now() - began).toBeLessThan(7_000);
      expect(cancelled.failure?.code).toBe("cancelled");
      expect(await getTask(on.ctx, { taskId: currentTask?.id ?? "" })).toMatchObject({ status: "cancelled", cancelRequested: true });
      const { rows } = await on.test.owner.query("select state from instances where deployment_id = $1", [id]);
      expect(rows).toEqual([{ state: "stopped" }]);
      await on.setFault({});
      await rerunTask(on.ctx, { taskId: currentTask?.id ?? "" });
      await on.until(id, "running");
    });

    it("at any moment of a provisioning ends it as cancelled, unless it had succeeded by then", async () => {
      const ends = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const { id, currentTask } = await on.create(`cancelled after ${index * 80} ms`);
          await sleep(index * 80);
          const taskId = currentTask?.id ?? "";
          const refusal = await cancelTask(on.ctx, { taskId }).then(
            () => null,
            (error: unknown) => (error as { code?: string }).code,
          );
          const { currentTask: left } = await on.until(id, (d) => d.currentTask === null);
          expect(left).toBeNull();
          const { status, failure } = await getTask(on.ctx, { taskId });
          return { status, failure, refusal };
        }),
      );
      for (const { status, failure, refusal } of ends) {
        expect(failure).toBeNull();
        expect(refusal === "conflict" ? ["succeeded"] : ["cancelled", "succeeded"]).toContain(status);
      }
      expect(ends.some(({ status }) => status === "cancelled")).toBe(true);
    });

    it("a suspending one gives back where the deployment stood, a deprovisioning one that drops data already does not claim to", async () => {
      const { id } = await on.create();
      await on.until(id, "running");
      const schema = id.replace("dep_", "rt_");
      /** Cancels a task the moment it waits for the lock that keeps it in the middle of its last step. */
      const cancelUnder = async (lock: string, ask: () => Promise<{ currentTask: { id: string } | null }>) => {
        const holder = await on.runtimes.connect();
        try {
          await holder.query("begin");
          await holder.query(lock);
          const taskId = (await ask()).currentTask?.id ?? "";
          await on.until(id, (d) => d.currentTask?.steps[1]?.status === "running");
          await cancelTask(on.ctx, { taskId });
          await holder.query("commit");
          await on.until(id, (d) => d.currentTask === null);
          expect(await getTask(on.ctx, { taskId })).toMatchObject({ status: "cancelled" });
        } finally {
          holder.release();
        }
      };
      await cancelUnder(`select 1 from ${schema}._lease for update`, () => suspendDeployment(on.ctx, { id }));
      await on.until(id, "running");
      expect(await on.get(id)).toMatchObject({ desiredState: "running", failure: null });

      await cancelUnder(`lock table ${schema}.ticks in access share mode`, () => deprovisionDeployment(on.ctx, { id }));
      expect(await on.get(id)).toMatchObject({ status: "failed", desiredState: "deprovisioned", failure: { code: "cancelled" } });
      await expect(redeployDeployment(on.ctx, { id })).rejects.toMatchObject({ code: "conflict" });
      await deprovisionDeployment(on.ctx, { id });
      await on.until(id, "deprovisioned");
    });

    it("a queued task ends it at once and gives back where the deployment stood", async () => {
      const { id } = await on.create();
      await on.until(id, "running");
      worker.freeze();
      const suspending = await suspendDeployment(on.ctx, { id });
      const task = await cancelTask(on.ctx, { taskId: suspending.currentTask?.id ?? "" });
      expect(task.status).toBe("cancelled");
      expect((await on.get(id)).status).toBe("running");
      worker.thaw();
      await expect(cancelTask(on.ctx, { taskId: task.id })).rejects.toMatchObject({ code: "conflict" });
    });
  });
});

describe("a worker's upkeep", () => {
  beforeEach(() => on.shelve());
  afterEach(() => on.stopWorkers());

  it("after a rotated encryption key programs run on, and everything is sealed with the new one, so that the old one can go", async () => {
    const [newest, oldest] = [new Secrets([on.test.database.encryptionKey]), new Secrets(["an-old-key-of-at-least-thirty-two-characters"])];
    const network = { slug: "rotated", name: "Rotated", family: "evm", chainId: 31_337, rpcUrls: [on.chain.rpcUrl], development: true };
    await registerNetwork(on.test.platform, network);
    const first = await on.startWorker();
    const { id } = await createDeployment(on.ctx, "indexer", {
      ...{ name: "Rotated", network: "rotated" },
      contracts: [{ address: on.contract.address, abi: on.contract.abi as never }],
    });
    await on.until(id, "running");
    await first.stop();
    const sealed = async () => {
      const { rows } = await on.test.owner.query(
        `select 'deployment.spec:' || id as purpose, sealed_spec as value, 'deployments' as table, 'sealed_spec' as column, 'id' as key, id as name
           from deployments where id = $1
         union all select 'deployment.database-password:' || id, sealed_database_password, 'deployments', 'sealed_database_password', 'id', id
           from deployments where id = $1
         union all select 'network.rpc:' || slug, sealed_rpc_urls, 'networks', 'sealed_rpc_urls', 'slug', slug from networks where slug = 'rotated'`,
        [id],
      );
      return rows as Record<"purpose" | "value" | "table" | "column" | "key" | "name", string>[];
    };
    const before = await sealed();
    for (const { purpose, value, table, column, key, name } of before) {
      const older = oldest.seal(newest.open(value, purpose), purpose);
      await on.test.owner.query(`update ${table} set ${column} = $1 where ${key} = $2`, [older, name]);
    }

    const keys = `${on.test.database.encryptionKey},an-old-key-of-at-least-thirty-two-characters`;
    await on.startWorker({ environment: { ENCRYPTION_KEY: keys } });
    await waitFor(async () => ((await getInstance(on.ctx, { id }))?.state === "ready" ? true : null), { what: "it runs again" });
    const after = await waitFor(
      async () => {
        const found = await sealed();
        return found.every(({ value }) => value.startsWith(newest.newestPrefix)) ? found : null;
      },
      { what: "everything is sealed with the new key" },
    );
    expect(after.map(({ value, purpose }) => newest.open(value, purpose))).toEqual(
      before.map(({ value, purpose }) => newest.open(value, purpose)),
    );
  });

  it("removes sessions, verifications, windows and answers past their time, and none before it", async () => {
    const { owner } = on.test;
    const user = on.tenant.users.owner.id;
    for (const [name, when] of Object.entries({ past: "now() - interval '1 second'", coming: "now() + interval '1 hour'" })) {
      await owner.query(`insert into sessions (id, user_id, token, expires_at) values ($1, $2, $1, ${when})`, [name, user]);
      await owner.query(`insert into verifications (id, identifier, value, expires_at) values ($1, $1, $1, ${when})`, [name]);
      await owner.query(
        `insert into idempotency_keys (organization_id, key_id, route, idempotency_key, request_hash, claim, claimed_until, expires_at)
         values ($1, $2, 'r', $2, '', '', now(), ${when})`,
        [on.tenant.id, name],
      );
      const window = `extract(epoch from ${when})::bigint - 172800`;
      await owner.query(`insert into rate_windows (key_id, window_start, used) values ($1, ${window}, 1)`, [name]);
    }
    await on.startWorker();
    const left = async () => {
      const { rows } = await owner.query(
        `select id from sessions where id in ('past', 'coming') union all select id from verifications
         union all select idempotency_key from idempotency_keys union all select key_id from rate_windows`,
      );
      return rows.map(({ id }) => id as string);
    };
    await waitFor(async () => !(await left()).includes("past"), { what: "what is past its time is gone" });
    expect(await left()).toEqual(["coming", "coming", "coming", "coming"]);
  });
});

describe("a worker that is full", () => {
  beforeEach(() => on.shelve());
  afterEach(() => on.stopWorkers());

  it("runs no more programs than it has places, however many are asked for at once, and redeploys one without needing another", async () => {
    await on.startWorker({ environment: { WORKER_CAPACITY: "2", WORKER_TASKS: "6" } });
    const created = await Promise.all(Array.from({ length: 5 }, (_, index) => on.create(`crowd ${index}`)));
    const settled = await Promise.all(created.map(({ id }) => on.until(id, (d) => d.currentTask === null)));
    const running = settled.filter(({ status }) => status === "running");
    expect(running).toHaveLength(2);
    for (const { status, failure } of settled.filter((one) => !running.includes(one))) {
      expect({ status, code: failure?.code }).toEqual({ status: "failed", code: "capacity" });
    }
    await waitFor(async () => (await on.test.owner.query("select 1 from workers where instances = 2")).rowCount === 1, {
      what: "it is full",
    });
    const id = running[0]?.id ?? "";
    await redeployDeployment(on.ctx, { id });
    const redeployed = await on.until(id, (d) => d.currentTask === null);
    expect(redeployed).toMatchObject({ status: "running", failure: null });
  });
});

describe("workers that stop and die", () => {
  beforeEach(() => on.shelve());
  afterEach(() => on.stopWorkers());

  it("a worker that is stopped exits in order and everything runs again under the next one", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    const { code, tookMs } = await first.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(12_000);
    const began = Date.now();
    await on.startWorker();
    await waitFor(async () => ((await getInstance(on.ctx, { id }))?.state === "ready" ? true : null), { what: "it runs again" });
    expect(Date.now() - began).toBeLessThan(15_000);
    expect((await on.get(id)).status).toBe("running");
  });

  it("a worker that is stopped in the middle of a task hands it back, and another one finishes it at once", async () => {
    await on.setFault({ hangOnStart: true });
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(
      id,
      (d) => d.currentTask?.steps.some(({ name, status }) => name === "Wait until it answers" && status === "running") ?? false,
    );
    await on.startWorker();
    await on.setFault({});
    const began = Date.now();
    expect((await first.stop()).code).toBe(0);
    await on.until(id, "running");
    expect(Date.now() - began).toBeLessThan(9_000);
    expect(await newestTask(id)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("a worker killed in the middle of a task: another one finishes it within 15 s, and only one program ever writes at a time", async () => {
    await on.setFault({ hangOnStart: true });
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(
      id,
      (d) => d.currentTask?.steps.some(({ name, status }) => name === "Wait until it answers" && status === "running") ?? false,
    );
    await on.startWorker();
    await on.setFault({});
    await first.kill();
    const began = Date.now();
    await on.until(id, "running", 20_000);
    expect(Date.now() - began).toBeLessThan(15_000);
    const task = await newestTask(id);
    expect(task).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(await auditOf(task.id)).toEqual(["task.succeeded"]);
    expect(await on.ticks(id)).toHaveLength(1);
  });
});
