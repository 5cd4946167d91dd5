import { setTimeout as sleep } from "node:timers/promises";
import { verifyAudit } from "@obelisk/core/modules/audit";
import {
  createDeployment,
  deprovisionDeployment,
  getInstance,
  readLogs,
  redeployDeployment,
  registerNetwork,
  rerunTask,
  resolveEndpoint,
  resumeDeployment,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import { startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fixture, openFixture, type WorkerProcess } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.setFault({}));

/** What the program of a deployment says of itself. */
async function healthOf(id: string): Promise<{ pid: number }> {
  const instance = (await resolveEndpoint(on.test.platform, (await on.get(id)).slug))?.instance;
  const answer = await fetch(`http://${instance?.address}/health`, { headers: { authorization: `Bearer ${instance?.token()}` } });
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

  it("a creation is refused for a contract without code, a dead RPC and an unknown template", async () => {
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

  it("a node on another chain than its network's is refused before a task is accepted, and by the task's own check where it came later", async () => {
    const elsewhere = await startLocalChain({ args: ["--chain-id", "4242"] });
    const network = { slug: "moved", name: "Moved", family: "evm", chainId: on.chain.chainId };
    const contracts = [{ address: on.contract.address, abi: on.contract.abi as never }];
    const wrong = "The RPC is on chain 4242, expected 31337. Point it to a node of the expected chain.";
    try {
      await elsewhere.client.setCode({ address: on.contract.address, bytecode: "0x00" });
      await registerNetwork(on.test.platform, { ...network, rpcUrls: [on.chain.rpcUrl] });
      const { id } = await createDeployment(on.ctx, "indexer", { name: "Moving", network: "moved", contracts });
      await on.until(id, "running");
      worker.freeze();
      await redeployDeployment(on.ctx, { id });
      await registerNetwork(on.test.platform, { ...network, rpcUrls: [elsewhere.rpcUrl] });
      // A network's URLs are remembered for a second.
      await sleep(1_100);
      worker.thaw();
      await on.until(id, (d) => d.status === "running" && d.currentTask === null);
      const { failure, steps } = await on.newestTask(id);
      expect(failure).toEqual({ code: "provisioning_unavailable", message: `The rpc check failed: ${wrong}` });
      expect(steps[0]).toMatchObject({ status: "failed", detail: failure?.message });

      const refused = { code: "provisioning_unavailable", errors: [{ path: "rpc", message: wrong }] };
      await expect(redeployDeployment(on.ctx, { id })).rejects.toMatchObject(refused);
      await expect(createDeployment(on.ctx, "indexer", { name: "New", network: "moved", contracts })).rejects.toMatchObject(refused);
    } finally {
      await elsewhere.stop();
    }
  });

  it("goes from creation to running, suspended, running, redeployed and deprovisioned, its data kept until the end", async () => {
    const created = await on.create("Round trip");
    expect(created).toMatchObject({ status: "queued", currentTask: { action: "provision", status: "queued" } });
    const running = await on.until(created.id, "running");
    expect(running.currentTask).toBeNull();
    const provision = await on.newestTask(created.id);
    expect(provision.steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded", "succeeded"]);
    expect(provision.steps.every(({ detail }) => detail)).toBe(true);
    expect(await on.auditOf(provision.id)).toEqual(["task.succeeded"]);
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
    const task = await on.newestTask(id);
    expect(task).toMatchObject({ status: "failed", failure: { code: "configuration_invalid" } });
    expect(await on.auditOf(task.id)).toEqual(["task.failed"]);

    await on.setFault({});
    const again = await rerunTask(on.ctx, { taskId: task.id });
    expect(again).toMatchObject({ action: "provision", status: "queued" });
    await on.until(id, "running");
    expect(await on.task(id, task.id)).toMatchObject({ status: "failed" });
  });

  it("a program that ended before its task came to wait for it still tells why", async () => {
    await on.setFault({ unworkable: "the ABI names no event" });
    const hold = await on.holdAfter("provision", 2);
    const { id } = await on.create();
    await hold.reached();
    await waitFor(
      async () => (await on.test.owner.query("select 1 from instances where deployment_id = $1 and state = 'stopped'", [id])).rowCount,
      {
        what: "the program is given up",
      },
    );
    await sleep(500);
    await hold.release();
    const { failure } = await on.until(id, "failed");
    expect(failure).toMatchObject({ code: "configuration_invalid", message: expect.stringContaining("the ABI names no event") });
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
    expect(await on.auditOf(id)).toEqual(["deployment.created", "deployment.failed"]);
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
    const { rows: databases } = await on.test.owner.query("select datname as name from pg_database where datallowconn");
    const others = databases.map(({ name }) => `/${name}`).filter((path) => path !== url.pathname);
    expect(others).toEqual(expect.arrayContaining(["/postgres", "/template1", new URL(on.test.database.databaseUrl).pathname]));
    for (const path of others) {
      url.pathname = path;
      const stranger = new pg.Client({ connectionString: url.href });
      const refusal = await stranger.connect().then(
        () => stranger.end(),
        ({ code }: { code?: string }) => code,
      );
      // Databases of other tests may go meanwhile.
      expect(["42501", "3D000"], path).toContain(refusal);
    }
  });
});
