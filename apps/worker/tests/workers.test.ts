import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createDeployment,
  getDeployment,
  getInstance,
  readLogs,
  redeployDeployment,
  registerNetwork,
  resumeDeployment,
} from "@obelisk/core/modules/provisioning";
import { createTenant } from "@obelisk/testing/tenant";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.setFault({}));

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
    const [homeless] = settled.filter((one) => !running.includes(one));
    await expect(redeployDeployment(on.ctx, { id: homeless?.id ?? "" })).rejects.toMatchObject({ errors: [{ path: "capacity" }] });
  });
});

describe("several workers and organizations", () => {
  beforeEach(() => on.shelve());
  afterEach(() => on.stopWorkers());

  it("a task that reaches a full worker is done by one that has room", async () => {
    await on.startWorker({ environment: { WORKER_CAPACITY: "1", WORKER_TASKS: "6" } });
    await on.until((await on.create()).id, "running");
    const roomy = await on.startWorker({ environment: { WORKER_CAPACITY: "4", WORKER_TASKS: "1" } });
    const created = await Promise.all(Array.from({ length: 4 }, (_, index) => on.create(`more ${index}`)));
    for (const { id } of created) await on.until(id, "running", 30_000);
    const { rows } = await on.test.owner.query("select count(*)::int as n from instances where worker_id = $1 and state = 'ready'", [
      roomy.id,
    ]);
    expect(rows[0].n).toBe(4);
  });

  it("a redeployment keeps its place between stopping and starting, whoever else wants one", async () => {
    await on.startWorker({ environment: { WORKER_CAPACITY: "1", WORKER_TASKS: "6" } });
    const waiting = await on.readyFor("resume");
    await on.setFault({ ignoreSigterm: true });
    const { id } = await on.create();
    await on.until(id, "running");
    await redeployDeployment(on.ctx, { id });
    await on.untilStep(id, "Stop the program");
    // The server goes by what the worker said last, up to three seconds ago: that there is a place.
    await on.test.owner.query(`
      create function say_empty() returns trigger language plpgsql as $$ begin new.instances := 0; return new; end $$;
      create trigger say_empty before insert or update on workers for each row execute function say_empty();
      update workers set instances = 0`);
    await resumeDeployment(on.ctx, { id: waiting }).finally(() => on.test.owner.query("drop trigger say_empty on workers"));
    expect(await on.until(waiting, (d) => d.currentTask === null)).toMatchObject({ status: "suspended", desiredState: "suspended" });
    expect(await on.newestTask(waiting)).toMatchObject({ status: "failed", failure: { code: "capacity" } });
    await on.until(id, (d) => d.status === "running" && d.currentTask === null);
  });

  it("an organization whose programs all hang leaves a hand to the others", async () => {
    const other = await createTenant(on.test);
    await on.startWorker({ environment: { WORKER_CAPACITY: "20", WORKER_TASKS: "3" } });
    await on.setFault({ hangOnStart: true });
    const hanging = await Promise.all(Array.from({ length: 8 }, (_, index) => on.create(`hanging ${index}`)));
    const held = () => Promise.all(hanging.map(({ id }) => on.get(id)));
    await waitFor(async () => (await held()).filter(({ status }) => status === "provisioning").length === 2, { what: "two are begun" });
    await on.setFault({});
    const began = Date.now();
    const { id } = await createDeployment(other.asOwner(), "indexer", {
      ...{ name: "Another's", rpcUrl: on.chain.rpcUrl },
      contracts: [{ address: on.contract.address, abi: on.contract.abi as never }],
    });
    await waitFor(async () => (await getDeployment(other.asOwner(), { id })).status === "running", {
      what: "the other organization's runs",
    });
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it("what runs on a network that was switched off can be redeployed, and nothing new is taken there", async () => {
    const network = { slug: "retired", name: "Retired", family: "evm", chainId: 31_337, rpcUrls: [on.chain.rpcUrl], development: true };
    await registerNetwork(on.test.platform, network);
    await on.startWorker();
    const input = { name: "On it", network: "retired", contracts: [{ address: on.contract.address, abi: on.contract.abi as never }] };
    const { id } = await createDeployment(on.ctx, "indexer", input);
    await on.until(id, "running");
    await on.test.owner.query("update networks set enabled = false where slug = 'retired'");
    await sleep(1_100);
    await redeployDeployment(on.ctx, { id });
    await on.until(id, (d) => d.status === "running" && d.currentTask === null);
    expect(await on.newestTask(id)).toMatchObject({ action: "redeploy", status: "succeeded" });
    await expect(createDeployment(on.ctx, "indexer", input)).rejects.toMatchObject({
      errors: [{ path: "rpc", message: expect.stringContaining("switched off") }],
    });
  });

  it("a redeployment and a resumption that fail at their first look leave everything as it stood, and task and step tell why", async () => {
    const worker = await on.startWorker();
    const suspended = await on.readyFor("resume");
    const { id } = await on.create();
    await on.until(id, "running");
    const before = await getInstance(on.ctx, { id });
    worker.freeze();
    await redeployDeployment(on.ctx, { id });
    await resumeDeployment(on.ctx, { id: suspended });
    await on.test.owner.query("update templates set enabled = false where id = 'evm-events'");
    // A good answer of the fleet is remembered for a second.
    await sleep(1_100);
    worker.thaw();
    try {
      const left = await on.until(id, (d) => d.currentTask === null);
      expect(left).toMatchObject({ status: "running", desiredState: "running", failure: null });
      expect(await getInstance(on.ctx, { id })).toMatchObject({ state: "ready", startedAt: before?.startedAt });
      const still = await on.until(suspended, (d) => d.currentTask === null);
      expect(still).toMatchObject({ status: "suspended", desiredState: "suspended", failure: null });
      for (const one of [id, suspended]) {
        const { status, failure, steps } = await on.newestTask(one);
        expect({ status, code: failure?.code }).toEqual({ status: "failed", code: "provisioning_unavailable" });
        expect(steps[0]).toMatchObject({ name: "Check that it can run", status: "failed", detail: failure?.message });
        expect(failure?.message).toContain("The template evm-events is switched off.");
      }
    } finally {
      await on.test.owner.query("update templates set enabled = true where id = 'evm-events'");
    }
    await redeployDeployment(on.ctx, { id });
    await on.until(id, (d) => d.status === "running" && d.currentTask === null);
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

  it("a program that starts again counts as running meanwhile, and as degraded when its start takes too long", async () => {
    const first = await on.startWorker();
    const quick = await on.create("Quick");
    const slow = await on.create("Slow");
    for (const { id } of [quick, slow]) await on.until(id, "running");
    await on.setFault({ startingMs: 3_000 }, quick.id);
    await on.setFault({ startingMs: 60_000 }, slow.id);
    await first.stop();
    const stoppedAt = Date.now();
    await on.startWorker();
    const seen = new Set<string>();
    await on.until(quick.id, ({ status, health }) => {
      seen.add(`${status} ${health?.status}`);
      return Date.parse(health?.checkedAt ?? "") > stoppedAt;
    });
    expect([...seen]).toEqual(["running healthy"]);
    await on.until(slow.id, "degraded");
    expect((await on.get(slow.id)).health?.message).toBe("The program reports that it is starting.");
  });

  it("a worker that is stopped leaves no lease behind that another one would have to wait for", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    // It looks at changes once a second at most.
    await sleep(1_500);
    // Letting go takes long enough for a renewal to come in between, which any change of the deployment asks for.
    await on.test.owner.query(`
      create function let_go_slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(1); return new; end $$;
      create trigger let_go_slowly before update on instances for each row when (new.state = 'stopped') execute function let_go_slowly()`);
    try {
      const stopped = first.stop();
      await waitFor(async () => (await on.test.owner.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")).rowCount, {
        every: 20,
        what: "it lets go",
      });
      await on.test.owner.query("update deployments set updated_at = now() where id = $1", [id]);
      await stopped;
      const { rows } = await on.test.owner.query("select state, lease_expires_at > now() as held from instances where deployment_id = $1", [
        id,
      ]);
      expect(rows).toEqual([{ state: "stopped", held: false }]);
    } finally {
      await on.test.owner.query("drop trigger let_go_slowly on instances");
    }
  });

  it("a worker that is stopped in the middle of a task hands it back, and another one finishes it at once", async () => {
    await on.setFault({ hangOnStart: true });
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.untilStep(id, "Wait until it answers");
    await on.startWorker();
    await on.setFault({});
    const began = Date.now();
    expect((await first.stop()).code).toBe(0);
    await on.until(id, "running");
    expect(Date.now() - began).toBeLessThan(9_000);
    expect(await on.newestTask(id)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("a task whose step the database failed is tried again instead of failing its deployment", async () => {
    await on.startWorker();
    const border = await on.holdAfter("provision", 1);
    const { id, currentTask } = await on.create();
    await border.reached();
    await on.test.owner.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
    );
    await border.release();
    await on.until(id, "running");
    const task = await on.task(id, currentTask?.id ?? "");
    expect(task).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("a host that can't start programs fails none: another worker runs them", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    const sick = join(on.folder, "sick");
    await mkdir(sick);
    await writeFile(join(sick, "runtimes"), "where the directories of programs should be");
    await on.startWorker({ environment: { OBELISK_DATA_DIR: sick } });
    await first.kill();
    const refused = await waitFor(
      async () => (await readLogs(on.ctx, { id, limit: 50 })).find(({ message }) => message.includes("refused to start")),
      { within: 25_000, what: "the sick worker tries" },
    );
    expect(refused.stream).toBe("system");
    expect((await on.get(id)).status).not.toBe("failed");
    const third = await on.startWorker();
    await waitFor(
      async () => {
        const { rows } = await on.test.owner.query("select worker_id, state from instances where deployment_id = $1", [id]);
        return rows[0]?.worker_id === third.id && rows[0]?.state === "ready";
      },
      { within: 25_000, what: "the third worker runs it" },
    );
    await on.until(id, "running");
    expect(await on.auditOf(id)).toEqual(["deployment.created"]);
  });

  it("a worker killed in the middle of a task: another one finishes it within 15 s, and only one program ever writes at a time", async () => {
    await on.setFault({ hangOnStart: true });
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.untilStep(id, "Wait until it answers");
    await on.startWorker();
    await on.setFault({});
    await first.kill();
    const began = Date.now();
    await on.until(id, "running", 20_000);
    expect(Date.now() - began).toBeLessThan(15_000);
    const task = await on.newestTask(id);
    expect(task).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(await on.auditOf(task.id)).toEqual(["task.succeeded"]);
    expect(await on.ticks(id)).toHaveLength(1);
  });
});
