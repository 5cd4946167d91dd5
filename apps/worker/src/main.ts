import { databaseRemedy } from "@obelisk/core/kernel/database-remedy";
import { EnvironmentError } from "@obelisk/core/kernel/environment";
import { whenParentDies } from "@obelisk/core/kernel/lifeline";
import { readConfig } from "./config.ts";
import { type RunningWorker, startWorker } from "./worker.ts";

/** Whatever hangs while stopping, the process is gone by then: the leases run out and another worker takes over. */
const stopWithinMs = 14_000;

async function run(): Promise<void> {
  const config = readConfig();
  let worker: RunningWorker | null = null;
  let asked = false;
  const stop = async (reason: string) => {
    if (asked) return;
    asked = true;
    worker?.logger.info({ event: "stopping", reason }, "stopping");
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    await worker?.stop();
    worker?.logger.info({ event: "stopped" }, "stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
  if (config.lifeline) whenParentDies(() => void stop("the parent process is gone"));
  worker = await startWorker(config);
  worker.logger.info({ event: "working", workerId: worker.id, capacity: config.capacity }, "working");
}

run().catch((error: unknown) => {
  const remedy = databaseRemedy(error);
  const known = error instanceof EnvironmentError || remedy !== null;
  process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n${remedy ? `${remedy}\n` : ""}`);
  process.exit(error instanceof EnvironmentError ? 64 : 1);
});
