import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Secrets } from "@obelisk/core/kernel/secrets";
import { readLogs, redeployDeployment, resumeDeployment } from "@obelisk/core/modules/provisioning";
import type { Deployment } from "@obelisk/schemas/deployments";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fixture, openFixture, type WorkerProcess } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.shelve());
afterEach(() => on.stopWorkers());

/** A worker on a host without the template's program. */
const startBare = () => on.startWorker({ environment: { TEST_PROGRAM: join(on.folder, "no-such-program.ts") } });

/** A worker on a host that refuses every start: its programs' directories can't be made. */
async function startSick(): Promise<WorkerProcess> {
  const folder = await mkdtemp(join(on.folder, "sick-"));
  await writeFile(join(folder, "runtimes"), "where the directories of programs should be");
  return on.startWorker({ environment: { OBELISK_DATA_DIR: folder } });
}

/** A worker on a host whose program is older than the deployments' tables. */
async function startOutdated(): Promise<WorkerProcess> {
  const folder = await mkdtemp(join(on.folder, "outdated-"));
  await mkdir(join(folder, "runtimes"));
  await writeFile(join(folder, "runtimes/fault.json"), JSON.stringify({ outdated: "the layout of these tables is 9" }));
  return on.startWorker({ environment: { OBELISK_DATA_DIR: folder } });
}

/** A deployment that runs on a worker, which then is gone; `beside` more of them are left like it. */
async function leftRunning(beside = 0): Promise<string> {
  const able = await on.startWorker();
  const [one, ...others] = await Promise.all(Array.from({ length: beside + 1 }, () => on.create()));
  for (const { id } of [one, ...others] as Deployment[]) await on.until(id, "running");
  await able.stop();
  return (one as Deployment).id;
}

const epochOf = async (id: string): Promise<number> =>
  (await on.test.owner.query("select epoch::int from deployments where id = $1", [id])).rows[0].epoch;

const saying = async (id: string, words: string): Promise<number> =>
  (await readLogs(on.ctx, { id, limit: 1_000 })).filter(({ stream, message }) => stream === "system" && message.includes(words)).length;

/** What the failed steps of a deployment's tasks said, in all attempts. */
async function failedSteps(id: string): Promise<{ name: string; detail: string }[]> {
  const { rows } = await on.test.owner.query(
    `select s.name, s.detail from task_steps s join tasks t on t.organization_id = s.organization_id and t.id = s.task_id
     where t.deployment_id = $1 and s.status = 'failed' order by s.attempt, s.position`,
    [id],
  );
  return rows;
}

const isReadyAt = async (id: string, worker: WorkerProcess): Promise<boolean> => {
  const { rows } = await on.test.owner.query("select 1 from instances where deployment_id = $1 and worker_id = $2 and state = 'ready'", [
    id,
    worker.id,
  ]);
  return rows.length > 0;
};

describe("a worker without the template's program", () => {
  it("leaves its tasks to one that has it, also to a full one, which says so", async () => {
    await startBare();
    await on.startWorker({ environment: { WORKER_CAPACITY: "3" } });
    const created = await Promise.all(Array.from({ length: 4 }, (_, index) => on.create(`beside ${index}`)));
    const settled = await Promise.all(created.map(({ id }) => on.until(id, (d) => d.currentTask === null)));
    expect(settled.map(({ status, failure }) => failure?.code ?? status).sort()).toEqual(["capacity", "running", "running", "running"]);
    for (const { id } of created) expect((await on.newestTask(id)).attempt).toBe(1);
  });

  it("alone gets none, and fails one that was accepted before with the cause and the remedy, before anything is touched", async () => {
    const able = await on.startWorker();
    const id = await on.readyFor("resume");
    able.freeze();
    await resumeDeployment(on.ctx, { id });
    await on.stopWorkers();
    await startBare();
    const left = await on.until(id, (d) => d.currentTask === null);
    expect(left).toMatchObject({ status: "suspended", desiredState: "suspended", failure: null });
    const task = await on.newestTask(id);
    expect(task).toMatchObject({
      status: "failed",
      failure: { code: "program_missing", message: expect.stringContaining("Install the same build of Obelisk") },
    });
    expect(task.steps.every(({ status }) => status === "cancelled")).toBe(true);
    await expect(resumeDeployment(on.ctx, { id })).rejects.toMatchObject({ errors: [{ path: "program" }] });
  });
});

describe("a host that refuses every start", () => {
  it("hands a task back for a worker that is able, and the step says why", async () => {
    const able = await on.startWorker();
    await startSick();
    // Alive for the others, but slow to take the task: the sick one has it first.
    able.freeze();
    const { id } = await on.create();
    await waitFor(async () => (await failedSteps(id)).length > 0, { what: "the sick host refuses" });
    await sleep(500);
    expect((await on.get(id)).status).toBe("provisioning");
    able.thaw();
    await on.until(id, "running");
    expect(await isReadyAt(id, able)).toBe(true);
    const task = await on.newestTask(id);
    expect(task.status).toBe("succeeded");
    expect(task.attempt).toBeGreaterThan(1);
    expect((await failedSteps(id))[0]).toEqual({ name: "Start the program", detail: expect.stringContaining("refused to start") });
    expect(await on.auditOf(task.id)).toEqual(["task.succeeded"]);
  });

  it.each([1, 2])("fails a task with the true cause where there are only such hosts: %i", async (hosts) => {
    for (let count = 0; count < hosts; count += 1) await startSick();
    const { id } = await on.create();
    const { failure } = await on.until(id, "failed");
    expect(failure).toMatchObject({ code: "start_refused", message: expect.stringContaining("refused to start") });
    const task = await on.newestTask(id);
    expect(task.steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "failed", "cancelled", "cancelled"]);
    expect(task.steps[2]?.detail).toContain("refused to start");
    expect(task.attempt).toBeLessThanOrEqual(4);
  });

  it("tries what should run now and then, and a redeployment there takes nothing from it: the next able worker runs it", async () => {
    const id = await leftRunning(3);
    const former = await epochOf(id);
    await startSick();
    await on.until(id, (d) => d.status === "degraded" && (d.health?.message?.includes("refused to start") ?? false));
    await sleep(14_000);
    const starts = (await epochOf(id)) - former;
    expect(starts).toBeGreaterThanOrEqual(2);
    expect(starts).toBeLessThanOrEqual(5);
    expect(await saying(id, "refused to start")).toBeLessThanOrEqual(starts);
    await redeployDeployment(on.ctx, { id });
    const left = await on.until(id, (d) => d.currentTask === null);
    expect(left).toMatchObject({ status: "degraded", desiredState: "running", failure: null });
    expect(await on.newestTask(id)).toMatchObject({ status: "failed", failure: { code: "start_refused" } });
    const able = await on.startWorker();
    await on.until(id, "running");
    expect(await isReadyAt(id, able)).toBe(true);
  });
});

describe("a worker that lacks an encryption key", () => {
  const newest = "the-newest-key-of-at-least-thirty-two-characters";
  const lacks = "lacks the encryption key";
  /** The server has every key: only the worker lacks one. */
  beforeAll(() => {
    Object.assign(on.test.platform, { secrets: new Secrets([on.test.database.encryptionKey, newest]) });
  });

  const startKnowing = () => on.startWorker({ environment: { ENCRYPTION_KEY: `${on.test.database.encryptionKey},${newest}` } });

  /** As a worker that has the newest key leaves it behind. */
  async function sealWithNewest(id: string): Promise<void> {
    const [known, next] = [new Secrets([on.test.database.encryptionKey]), new Secrets([newest])];
    for (const [column, purpose] of [
      ["sealed_spec", `deployment.spec:${id}`],
      ["sealed_database_password", `deployment.database-password:${id}`],
    ] as const) {
      const { rows } = await on.test.owner.query(`select ${column} as value from deployments where id = $1`, [id]);
      await on.test.owner.query(`update deployments set ${column} = $2 where id = $1`, [
        id,
        next.seal(known.open(rows[0].value, purpose), purpose),
      ]);
    }
  }

  it("leaves a program that should run to one that has it, and alone fails its tasks with that cause", async () => {
    const id = await leftRunning();
    await sealWithNewest(id);
    const former = await epochOf(id);
    await on.startWorker();
    const left = await on.until(id, (d) => d.status === "degraded" && (d.health?.message?.includes(lacks) ?? false));
    expect([left.failure, left.health?.message?.includes(id)]).toEqual([null, false]);
    await sleep(8_000);
    expect((await epochOf(id)) - former).toBeLessThanOrEqual(4);
    await redeployDeployment(on.ctx, { id });
    expect(await on.until(id, (d) => d.currentTask === null)).toMatchObject({ status: "degraded", failure: null });
    const task = await on.newestTask(id);
    expect(task).toMatchObject({ status: "failed", failure: { code: "encryption_key_missing", message: expect.stringContaining(lacks) } });
    const knowing = await startKnowing();
    await on.until(id, "running");
    expect(await isReadyAt(id, knowing)).toBe(true);
    expect(await on.auditOf(id)).not.toContain("deployment.failed");
  });

  it("hands its task to one that has it", async () => {
    const id = await leftRunning();
    const knowing = await startKnowing();
    await waitFor(() => isReadyAt(id, knowing), { what: "the knowing worker runs it" });
    await on.startWorker();
    knowing.freeze();
    await sealWithNewest(id);
    await redeployDeployment(on.ctx, { id });
    await waitFor(async () => (await failedSteps(id)).length > 0, { what: "the key is missed" });
    knowing.thaw();
    const redeployed = await on.until(id, (d) => d.status === "running" && d.currentTask === null);
    expect(redeployed.failure).toBeNull();
    expect(await isReadyAt(id, knowing)).toBe(true);
    expect(await on.newestTask(id)).toMatchObject({ action: "redeploy", status: "succeeded" });
    expect((await failedSteps(id))[0]?.detail).toContain(lacks);
  });
});

describe("a program that is older than its tables", () => {
  it("is tried ever more rarely, and the deployment shows the reason until an able worker comes", async () => {
    const id = await leftRunning();
    const former = await epochOf(id);
    await startOutdated();
    const began = Date.now();
    await on.until(id, (d) => d.status === "degraded" && (d.health?.message?.includes("Install the newer build") ?? false));
    expect((await on.get(id)).health).toMatchObject({ status: "unreachable" });
    await sleep(20_000 - (Date.now() - began));
    const starts = (await epochOf(id)) - former;
    expect(starts).toBeGreaterThanOrEqual(2);
    expect(starts).toBeLessThanOrEqual(6);

    await redeployDeployment(on.ctx, { id });
    expect(await on.until(id, (d) => d.currentTask === null)).toMatchObject({ status: "degraded", failure: null });
    const task = await on.newestTask(id);
    expect(task).toMatchObject({
      status: "failed",
      failure: { code: "program_outdated", message: expect.stringMatching(/Install the newer build.*the layout of these tables is 9/s) },
    });
    expect(task.steps.find(({ status }) => status === "failed")).toMatchObject({
      name: "Wait until it answers",
      detail: expect.stringContaining("older than the one that made the deployment's tables"),
    });

    const able = await on.startWorker();
    await on.until(id, "running");
    expect(await isReadyAt(id, able)).toBe(true);
    const settled = await epochOf(id);
    await sleep(4_000);
    expect(await epochOf(id)).toBe(settled);
  });

  it("hands its task to a worker that is able", async () => {
    const id = await leftRunning();
    const able = await on.startWorker();
    await waitFor(() => isReadyAt(id, able), { what: "the able worker runs it" });
    await startOutdated();
    able.freeze();
    await redeployDeployment(on.ctx, { id });
    await waitFor(async () => (await failedSteps(id)).length > 0, { what: "the outdated program ends" });
    able.thaw();
    const redeployed = await on.until(id, (d) => d.status === "running" && d.currentTask === null);
    expect(redeployed.failure).toBeNull();
    expect(await isReadyAt(id, able)).toBe(true);
    expect(await on.newestTask(id)).toMatchObject({ action: "redeploy", status: "succeeded" });
    expect((await failedSteps(id))[0]?.detail).toContain("Install the newer build");
  });
});
