import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@obelisk/embedded";
import { waitFor } from "@obelisk/testing/wait-for";
import { peakMemory, startNode } from "../processes.ts";
import { aim, type Section } from "../report.ts";
import { type Emitter, type Stage, sql } from "../stage.ts";

const version = "0.16.10";
const folder = join(import.meta.dirname, "../.scratch/ponder");

/** The same contract indexed by Ponder into the same PostgreSQL. Installed once into `bench/.scratch`, from the npm registry. */
export async function peersSection(stage: Stage, emitter: Emitter, earlier: readonly Section[]): Promise<Section> {
  install();
  writeProject(emitter);
  await sql(stage.url("postgres"), "create database bench_ponder");
  const port = await freePort();
  const begun = performance.now();
  const ponder = startNode("bench/.scratch/ponder/node_modules/ponder/dist/esm/bin/ponder.js", {
    args: ["start", "--root", folder, "--schema", "bench", "--port", String(port), "--log-level", "warn"],
    env: {
      DATABASE_URL: stage.url("bench_ponder"),
      BENCH_RPC_URL: stage.chain.rpcUrl,
      PONDER_TELEMETRY_DISABLED: "true",
    },
  });
  try {
    const isReady = async () => {
      if (ponder.child.exitCode !== null)
        throw new Error(`ponder ended with ${ponder.child.exitCode}:\n${ponder.lines.slice(-20).join("\n")}`);
      return fetch(`http://127.0.0.1:${port}/ready`).then(
        (response) => response.ok,
        () => false,
      );
    };
    await waitFor(isReady, { within: 300_000, every: 50, what: "ponder is ready" });
    // Ready means up to the last final block; the newest blocks follow as if they were just mined.
    const url = stage.url("bench_ponder");
    const count = async () => (await sql<{ count: number }>(url, "select count(*)::int as count from bench.transfer"))[0]?.count ?? 0;
    await waitFor(async () => (await count()) >= emitter.events, { within: 60_000, every: 50, what: "ponder has stored every event" });
    const took = performance.now() - begun;
    if ((await count()) !== emitter.events) throw new Error(`ponder stored ${await count()} of ${emitter.events} events`);
    const rate = (emitter.events / took) * 1_000;
    const ours = earlier.flatMap(({ measures }) => measures).find(({ name }) => name.startsWith("backfill"))?.value;
    return {
      name: `Ponder ${version} on the same chain and PostgreSQL`,
      measures: [
        { name: "backfill, start of the program included", value: rate, unit: "events/s" },
        { name: "peak memory of the backfill", value: peakMemory(ponder.pid), unit: "MiB" },
        ...(ours === undefined
          ? []
          : [
              {
                ...{ name: "Obelisk's backfill against it", value: ours, unit: "events/s" },
                limit: { name: "Ponder", value: rate, ratio: ours / rate },
                aim: aim("at least 3 times Ponder", ours >= 3 * rate),
              },
            ]),
      ],
    };
  } finally {
    await ponder.stop();
  }
}

function install(): void {
  if (existsSync(join(folder, "node_modules/ponder/package.json"))) return;
  mkdirSync(folder, { recursive: true });
  const dependencies = { ponder: version, viem: "2.57.20", hono: "4.13.19", typescript: "6.0.3" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench-ponder", private: true, type: "module", dependencies }));
  console.log(`\ninstalling ponder ${version} into bench/.scratch, which takes a while`);
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder, stdio: "inherit", timeout: 300_000 });
}

function writeProject({ abi, address, firstBlock }: Emitter): void {
  const files = {
    "ponder.config.ts": `import { createConfig } from "ponder";
export default createConfig({
  database: { kind: "postgres", connectionString: process.env.DATABASE_URL },
  chains: { local: { id: 31337, rpc: process.env.BENCH_RPC_URL } },
  contracts: { Emitter: { chain: "local", abi: ${JSON.stringify(abi)} as const, address: "${address}", startBlock: ${firstBlock} } },
});
`,
    "ponder.schema.ts": `import { onchainTable } from "ponder";
export const transfer = onchainTable("transfer", (t) => ({ id: t.text().primaryKey(), from: t.hex(), to: t.hex(), value: t.bigint() }));
`,
    "src/index.ts": `import { ponder } from "ponder:registry";
import { transfer } from "ponder:schema";
ponder.on("Emitter:Transfer", async ({ event, context }) => {
  await context.db.insert(transfer).values({ id: event.id, from: event.args.from, to: event.args.to, value: event.args.value });
});
`,
    "src/api/index.ts": `import { Hono } from "hono";
export default new Hono();
`,
  };
  mkdirSync(join(folder, "src/api"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
