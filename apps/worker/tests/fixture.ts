import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { createDeployment, getDeployment } from "@obelisk/core/modules/provisioning";
import type { Deployment, DeploymentStatus } from "@obelisk/schemas/deployments";
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
  /** Told to the stand-ins of one deployment, or of all, from their next start on. */
  setFault(fault: Fault, deploymentId?: string): Promise<void>;
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
    async setFault(fault, deploymentId) {
      const path = join(folder, "runtimes", deploymentId ?? "");
      await mkdir(path, { recursive: true });
      await writeFile(join(path, "fault.json"), JSON.stringify(fault));
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
