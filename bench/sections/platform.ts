import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@obelisk/embedded";
import { descendants, proportionalMemory, type Started, startNode } from "../processes.ts";
import { aim, type Section } from "../report.ts";

/** Seconds the processes are left alone before their memory is read. */
const settleSeconds = 20;

/** Cold and warm start of everything by `obelisk up`, and what server and worker hold while idle. */
export async function platformSection(): Promise<Section> {
  const scratch = join(import.meta.dirname, "../.scratch");
  mkdirSync(scratch, { recursive: true });
  const dataDir = mkdtempSync(join(scratch, "up-"));
  try {
    const env = { OBELISK_DATA_DIR: dataDir, PORT: String(await freePort()) };
    const cold = await start(env);
    await cold.up.stop();
    const warm = await start(env);
    try {
      await sleep(settleSeconds * 1_000);
      const running = descendants(warm.up.pid);
      const memory = (program: string) => {
        const found = running.find(({ command }) => command.includes(program));
        if (!found)
          throw new Error(`${program} is not among the processes of obelisk up:\n${running.map(({ command }) => command).join("\n")}`);
        return proportionalMemory(found.pid);
      };
      const server = memory("apps/server/src/main.ts");
      const worker = memory("apps/worker/src/main.ts");
      return {
        name: "The whole platform by obelisk up",
        measures: [
          { name: "cold start: empty directory to ready", value: cold.milliseconds, unit: "ms" },
          { name: "warm start to ready", value: warm.milliseconds, unit: "ms", aim: aim("below 5 s", warm.milliseconds < 5_000) },
          { name: "idle memory of the server (PSS)", value: server, unit: "MiB" },
          { name: "idle memory of the worker (PSS)", value: worker, unit: "MiB" },
          {
            name: "server and worker together",
            value: server + worker,
            unit: "MiB",
            aim: aim("below 300 MB", (server + worker) * 1.048_576 < 300),
          },
        ],
      };
    } finally {
      await warm.up.stop();
    }
  } finally {
    removeDatabase(dataDir);
  }
}

async function start(env: Record<string, string>): Promise<{ up: Started; milliseconds: number }> {
  const begun = performance.now();
  const up = startNode("packages/cli/src/main.ts", { args: ["up"], env });
  await up.line(/Obelisk is ready/, 120_000);
  return { up, milliseconds: performance.now() - begun };
}

/** The database may lie elsewhere, where its user could not enter this directory. */
function removeDatabase(dataDir: string): void {
  try {
    const { home } = JSON.parse(readFileSync(join(dataDir, "postgres/location.json"), "utf8")) as { home: string };
    rmSync(home, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  rmSync(dataDir, { recursive: true, force: true });
}
