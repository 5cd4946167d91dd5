import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startTemporaryPostgres, type TemporaryPostgres } from "@obelisk/testing/temporary-postgres";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";

const main = join(import.meta.dirname, "../src/main.ts");

/** Those the worker's driver starts it with: the heap is 70 % of the template's 512 MiB. */
const productionFlags = ["--max-old-space-size=358", "--max-semi-space-size=8"];

export interface ContractConfig {
  address: string;
  abi: readonly unknown[];
  startBlock?: number;
}

/** A schema with a role of its own, as the provisioner makes it for a deployment. */
export interface RuntimeSchema {
  url: string;
  schema: string;
  /** Asks as the superuser, in the schema. */
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
}

export interface RuntimeDatabase {
  postgres: TemporaryPostgres;
  schema(): Promise<RuntimeSchema>;
  stop(): Promise<void>;
}

export async function startRuntimeDatabase(): Promise<RuntimeDatabase> {
  const postgres = await startTemporaryPostgres();
  const pool = new pg.Pool({ connectionString: postgres.url("postgres"), max: 4 });
  pool.on("error", () => undefined);
  return {
    postgres,
    async schema() {
      const name = `rt_${randomBytes(6).toString("hex")}`;
      await pool.query(`CREATE ROLE ${name} LOGIN PASSWORD 'pw'; CREATE SCHEMA ${name} AUTHORIZATION ${name};
        CREATE TABLE ${name}._lease (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), epoch bigint NOT NULL, holder text);
        INSERT INTO ${name}._lease (epoch) VALUES (1); GRANT SELECT, UPDATE ON ${name}._lease TO ${name}`);
      const url = new URL(postgres.url("postgres"));
      url.username = name;
      url.password = "pw";
      return {
        url: url.href,
        schema: name,
        async query<R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) {
          const client = await pool.connect();
          try {
            await client.query(`SET search_path = ${name}`);
            return (await client.query<R>(sql, values)).rows;
          } finally {
            client.release();
          }
        },
      };
    },
    async stop() {
      await pool.end();
      await postgres.stop();
    },
  };
}

export interface LaunchOptions {
  database: RuntimeSchema;
  rpcUrls: string[];
  contracts: ContractConfig[];
  chainId?: number;
  epoch?: number;
  reorgWindowBlocks?: number;
  allowPrivateTargets?: boolean;
  maxStorageBytes?: number;
}

export const token = "test-instance-token-0123456789";

export function launchDocument(options: LaunchOptions) {
  return {
    protocol: 1,
    deploymentId: `dep_${options.database.schema}`,
    epoch: options.epoch ?? 1,
    instanceToken: token,
    listen: { host: "127.0.0.1", port: 0 },
    database: { url: options.database.url, schema: options.database.schema },
    config: {
      chainId: options.chainId ?? 31_337,
      rpcUrls: options.rpcUrls,
      allowPrivateTargets: options.allowPrivateTargets ?? true,
      contracts: options.contracts,
      pollIntervalMs: 100,
      ...(options.reorgWindowBlocks ? { reorgWindowBlocks: options.reorgWindowBlocks } : {}),
      maxStorageBytes: options.maxStorageBytes ?? null,
    },
  };
}

export interface Health {
  status: string;
  message: string | null;
  syncedBlock: number | null;
  headBlock: number | null;
  lagBlocks: number | null;
}

/** A running indexer program. */
export class RunningIndexer {
  readonly child: ChildProcess;
  readonly lines: { msg: string; event?: string; port?: number; level: string; [field: string]: unknown }[] = [];
  stderr = "";
  readonly exited: Promise<number | null>;

  constructor(document: unknown, nodeFlags: string[] = []) {
    this.child = spawn("setpriv", ["--pdeathsig", "KILL", process.execPath, ...productionFlags, ...nodeFlags, main], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.on("error", () => undefined);
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk).slice(-4_000);
    });
    if (this.child.stdout) createInterface({ input: this.child.stdout }).on("line", (line) => this.lines.push(JSON.parse(line)));
    this.child.stdin?.write(typeof document === "string" ? document : `${JSON.stringify(document)}\n`);
  }

  async port(): Promise<number> {
    return waitFor(
      () => {
        if (this.child.exitCode !== null) throw new Error(`the indexer ended with ${this.child.exitCode}: ${this.log()}`);
        return this.lines.find(({ event }) => event === "listening")?.port;
      },
      { within: 30_000, what: "the indexer listens" },
    );
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${await this.port()}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
  }

  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    return (await this.get(path, init)).json() as Promise<T>;
  }

  async graphql<T = Record<string, unknown>>(
    query: string,
    variables: object = {},
  ): Promise<{ status: number; data?: T; errors?: { message: string; extensions?: { code?: string } }[] }> {
    const response = await this.get("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...((await response.json()) as { data?: T }) };
  }

  async health(): Promise<Health> {
    return this.json<Health>("/health");
  }

  async ready(): Promise<void> {
    await waitFor(async () => (await this.get("/ready")).status === 200, { within: 30_000, every: 5, what: "the indexer is ready" });
  }

  /** Waits until everything up to this block is stored and the loop is at rest. */
  async synced(block: number, within = 30_000): Promise<void> {
    await waitFor(
      async () => {
        if (this.child.exitCode !== null) throw new Error(`the indexer ended with ${this.child.exitCode}: ${this.log()}`);
        const health = await this.health();
        return health.syncedBlock === block && health.status === "healthy";
      },
      { within, what: `synced to block ${block}; ${this.log()}` },
    );
  }

  log(): string {
    return `${this.lines
      .slice(-5)
      .map((line) => JSON.stringify(line))
      .join("\n")}\n${this.stderr}`;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.exited;
  }
}
