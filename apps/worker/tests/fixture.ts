import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrganizationContext } from "@obelisk/core/kernel/context";
import {
  createDeployment,
  deprovisionDeployment,
  getDeployment,
  listTasks,
  redeployDeployment,
  resumeDeployment,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import type { Deployment, DeploymentStatus, Task, TaskAction } from "@obelisk/schemas/deployments";
import { compileContract } from "@obelisk/testing/compile-contract";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";
import type { Abi, Address } from "viem";
import type { Fault } from "./programs/stand-in.ts";

const standIn = join(import.meta.dirname, "programs/stand-in.ts");
const workerProgram = join(import.meta.dirname, "programs/worker-process.ts");

const emitter = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
contract Emitter {
  event Ping(address indexed from, uint256 value);
  function ping(uint256 count) external { for (uint256 i; i < count; i++) emit Ping(msg.sender, i); }
}`;

/** How many steps each action has, and the status it ends in. */
export const actions = {
  provision: { steps: 5, ends: "running" },
  suspend: { steps: 2, ends: "suspended" },
  resume: { steps: 5, ends: "running" },
  redeploy: { steps: 6, ends: "running" },
  deprovision: { steps: 2, ends: "deprovisioned" },
} as const satisfies Record<TaskAction, { steps: number; ends: DeploymentStatus }>;

/** Asks for an action by its name. */
export const ask = {
  suspend: suspendDeployment,
  resume: resumeDeployment,
  redeploy: redeployDeployment,
  deprovision: deprovisionDeployment,
} as const;

/** Any number: the advisory lock that holds a task at a border. */
const borderLock = 4_711;

export interface WorkerProcess {
  id: string;
  process: ChildProcess;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM. @returns exit code and how long it took */
  stop(): Promise<{ code: number | null; tookMs: number }>;
}

/** Everything a test of provisioning stands on: databases, a tenant, a chain with a contract, and real worker processes. */
export interface Fixture {
  test: TestPlatform;
  tenant: TestTenant;
  ctx: OrganizationContext;
  chain: LocalChain;
  contract: { address: Address; abi: Abi };
  runtimes: pg.Pool;
  folder: string;
  startWorker(options?: { program?: "stand-in" | "indexer"; environment?: Record<string, string> }): Promise<WorkerProcess>;
  create(name?: string): Promise<Deployment>;
  get(id: string): Promise<Deployment>;
  until(id: string, condition: DeploymentStatus | ((deployment: Deployment) => boolean), within?: number): Promise<Deployment>;
  /** Waits until the current task is at the step of this name. */
  untilStep(id: string, name: string): Promise<Deployment>;
  /** A deployment of which the action may be asked: created, running, suspended where it is to be resumed. */
  readyFor(action: Exclude<TaskAction, "provision">): Promise<string>;
  newestTask(id: string): Promise<Task>;
  task(id: string, taskId: string): Promise<Task>;
  /** Actions of the audit entries about something, in order. */
  auditOf(targetId: string): Promise<string[]>;
  /** Told to the stand-ins of one deployment, or of all, from their next start on. */
  setFault(fault: Fault, deploymentId?: string): Promise<void>;
  /** Stops the next task of this action at the end of the step at `position`, just before that is committed. */
  holdAfter(action: TaskAction, position: number): Promise<{ reached(): Promise<void>; release(): Promise<void> }>;
  /** The stand-in's writes: how many by each epoch and holder. */
  ticks(id: string): Promise<{ epoch: number; holder: string; count: number; first: Date; last: Date }[]>;
  stopWorkers(): Promise<void>;
  /** Takes every deployment out of the workers' sight, for the next test to begin with none. */
  shelve(): Promise<void>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const test = await openTestPlatform();
  const chain = await startLocalChain();
  const { abi, bytecode } = await compileContract(emitter);
  const address = await chain.deploy({ abi, bytecode });
  const tenant = await createTenant(test);
  const folder = await mkdtemp(join(tmpdir(), "obelisk-worker-"));
  const deaf = () => undefined;
  const runtimes = new pg.Pool({ connectionString: test.database.runtimeDatabaseUrl, max: 4 });
  runtimes.on("error", deaf);
  const workers = new Set<ChildProcess>();
  const ctx = tenant.asOwner();

  const fixture: Fixture = {
    test,
    tenant,
    ctx,
    chain,
    contract: { address, abi },
    runtimes,
    folder,
    async startWorker({ program = "stand-in", environment = {} } = {}) {
      const child = spawn(process.execPath, [workerProgram], {
        stdio: ["pipe", "pipe", "inherit"],
        env: {
          PATH: process.env["PATH"],
          DATABASE_URL: test.database.databaseUrl,
          ENCRYPTION_KEY: test.database.encryptionKey,
          OBELISK_DATA_DIR: folder,
          LOG_LEVEL: process.env["TEST_WORKER_LOG"] ?? "silent",
          ...(program === "stand-in" ? { TEST_PROGRAM: standIn } : {}),
          ...environment,
        },
      });
      workers.add(child);
      child.once("exit", () => workers.delete(child));
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-2_000);
        if (process.env["TEST_WORKER_LOG"]) process.stderr.write(chunk);
      });
      const id = await waitFor(
        () => {
          if (child.exitCode !== null) throw new Error(`the worker ended with status ${child.exitCode}`);
          return /WORKING (\S+)/.exec(output)?.[1];
        },
        { within: 20_000, what: "the worker works" },
      );
      const gone = () =>
        child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, "exit").then(() => undefined);
      return {
        id,
        process: child,
        async kill() {
          child.kill("SIGKILL");
          await gone();
        },
        freeze: () => void child.kill("SIGSTOP"),
        thaw: () => void child.kill("SIGCONT"),
        async stop() {
          const began = Date.now();
          child.kill("SIGTERM");
          await gone();
          return { code: child.exitCode, tookMs: Date.now() - began };
        },
      };
    },
    create: (name = "Pings") =>
      createDeployment(ctx, "indexer", { name, rpcUrl: chain.rpcUrl, contracts: [{ address, abi: abi as never }] }),
    get: (id) => getDeployment(ctx, { id }),
    async until(id, condition, within = 20_000) {
      const met = typeof condition === "function" ? condition : (deployment: Deployment) => deployment.status === condition;
      let last: Deployment | undefined;
      return waitFor(
        async () => {
          last = await getDeployment(ctx, { id });
          return met(last) ? last : null;
        },
        { within, every: 50, what: `${typeof condition === "string" ? condition : "the condition"} of ${id}` },
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it is ${JSON.stringify(last)}`);
      });
    },
    untilStep: (id, name) =>
      fixture.until(id, (d) => d.currentTask?.steps.some((step) => step.name === name && step.status === "running") ?? false),
    async readyFor(action) {
      const { id } = await fixture.create();
      await fixture.until(id, "running");
      if (action === "resume") {
        await suspendDeployment(ctx, { id });
        await fixture.until(id, "suspended");
      }
      return id;
    },
    async newestTask(id) {
      const { items } = await listTasks(ctx, { id, limit: 1 });
      const task = items[0];
      if (!task) throw new Error("the deployment has no task");
      return task;
    },
    async task(id, taskId) {
      const { items } = await listTasks(ctx, { id, limit: 100 });
      const task = items.find((one) => one.id === taskId);
      if (!task) throw new Error(`the deployment has no task ${taskId}`);
      return task;
    },
    async auditOf(targetId) {
      const { rows } = await test.owner.query("select action from audit_entries where target_id = $1 order by sequence", [targetId]);
      return rows.map((row) => row.action as string);
    },
    async setFault(fault, deploymentId) {
      const path = join(folder, "runtimes", deploymentId ?? "");
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "fault.json"), JSON.stringify(fault));
    },
    async holdAfter(action, position) {
      const client = await test.owner.connect();
      await client.query("select pg_advisory_lock($1)", [borderLock]);
      await client.query(`
        create or replace function hold_at_border() returns trigger language plpgsql as $$
        begin
          if new.position = ${position} and new.status = 'succeeded'
            and exists (select from tasks where id = new.task_id and action = '${action}') then
            perform pg_advisory_xact_lock(${borderLock});
          end if;
          return null;
        end $$;
        create or replace trigger hold_at_border after update of status on task_steps for each row execute function hold_at_border()`);
      return {
        async reached() {
          await waitFor(
            async () => {
              const { rows } = await client.query("select 1 from pg_locks where locktype = 'advisory' and objid = $1 and not granted", [
                borderLock,
              ]);
              return rows.length > 0;
            },
            { what: `${action} comes to the end of step ${position}`, every: 20 },
          );
        },
        async release() {
          await client.query("select pg_advisory_unlock($1)", [borderLock]);
          await client.query("drop trigger hold_at_border on task_steps");
          client.release();
        },
      };
    },
    async ticks(id) {
      const { rows } = await runtimes.query(
        `select epoch::int, holder, count(*)::int, min(at) as first, max(at) as last from ${id.replace("dep_", "rt_")}.ticks group by 1, 2 order by 4`,
      );
      return rows;
    },
    async stopWorkers() {
      await Promise.all(
        [...workers].map(async (child) => {
          child.kill("SIGCONT");
          child.kill("SIGKILL");
          if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        }),
      );
      await test.owner.query("delete from workers");
    },
    async shelve() {
      await test.owner.query("update tasks set status = 'cancelled', finished_at = now() where status in ('queued', 'running')");
      await test.owner.query("update deployments set status = 'suspended', desired_state = 'suspended' where status <> 'deprovisioned'");
    },
    async close() {
      await fixture.stopWorkers();
      await chain.stop();
      await runtimes.end();
      await test.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fixture;
}
