import { randomBytes } from "node:crypto";
import { waitFor } from "@obelisk/testing/wait-for";
import { type Started, startNode } from "./processes.ts";
import { type Emitter, sql } from "./stage.ts";

/** A schema and role as the provisioner makes them. */
export interface RuntimeSchema {
  url: string;
  schema: string;
}

/** As the process driver starts it: 70 % of the template's 512 MiB for its heap, a small young generation. */
const nodeArgs = ["--max-old-space-size=358", "--max-semi-space-size=8"];

const instanceToken = "obelisk-bench-instance-token";

export async function createRuntimeSchema(adminUrl: string): Promise<RuntimeSchema> {
  const schema = `rt_${randomBytes(6).toString("hex")}`;
  await sql(
    adminUrl,
    `create role ${schema} login password 'bench'; create schema ${schema} authorization ${schema};
     create table ${schema}._lease (singleton boolean primary key default true check (singleton), epoch bigint not null, holder text);
     insert into ${schema}._lease (epoch) values (1); grant select, update on ${schema}._lease to ${schema}`,
  );
  const url = new URL(adminUrl);
  url.username = schema;
  url.password = "bench";
  return { url: url.href, schema };
}

export interface RunningIndexer extends Started {
  /** Milliseconds from the start of the program until it answers that it is ready. */
  ready(withinMs: number): Promise<number>;
  /** Milliseconds from the start of the program until it has reached this block. */
  synced(block: number, withinMs: number): Promise<number>;
}

/** Starts the program as the driver does. */
export function startIndexer({ url, schema }: RuntimeSchema, rpcUrl: string, emitter: Emitter, epoch: number): RunningIndexer {
  const begun = performance.now();
  const document = {
    ...{ protocol: 1, deploymentId: `dep_${schema}`, epoch, instanceToken },
    listen: { host: "127.0.0.1", port: 0 },
    database: { url, schema },
    config: {
      ...{ chainId: 31_337, rpcUrls: [rpcUrl], allowPrivateTargets: true },
      contracts: [{ address: emitter.address, abi: emitter.abi, startBlock: emitter.firstBlock }],
    },
  };
  const started = startNode("runtimes/indexer/src/main.ts", { nodeArgs, input: `${JSON.stringify(document)}\n` });
  const ask = async (path: string) => {
    const line = await started.line(/"event":"listening"/, 20_000);
    const { port } = JSON.parse(line) as { port: number };
    return fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${instanceToken}` } });
  };
  return {
    ...started,
    ready: async (within) => {
      await waitFor(async () => (await ask("/ready")).ok, { within, every: 5, what: "the indexer is ready" });
      return performance.now() - begun;
    },
    synced: async (block, within) => {
      const reached = async () => ((await (await ask("/health")).json()) as { syncedBlock: number | null }).syncedBlock;
      await waitFor(async () => ((await reached()) ?? -1) >= block, { within, every: 50, what: `the indexer reaches block ${block}` });
      return performance.now() - begun;
    },
  };
}
