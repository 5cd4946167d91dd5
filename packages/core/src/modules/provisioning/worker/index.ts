import { setTimeout as sleep } from "node:timers/promises";
import { answeredWithin } from "../../../kernel/answered-within.ts";
import type { Changes } from "../../../kernel/changes.ts";
import type { Platform } from "../../../kernel/context.ts";
import { every } from "../../../kernel/every.ts";
import { newId } from "../../../kernel/ids.ts";
import type { Logger } from "../../../kernel/logger.ts";
import type { RuntimeDriver } from "../driver/index.ts";
import { heartbeatMs, leaseMs } from "../policy.ts";
import { Reconciler } from "../reconcile.ts";
import { TaskWorker } from "../run-task.handler.ts";
import { runTask } from "../run-task.job.ts";
import { RuntimeDatabase } from "../runtime-schema.ts";
import { Supervisor } from "../supervision/supervisor.ts";
import { openSweeps, type Sweep } from "../sweeps.ts";
import { beatWorker, removeWorker } from "../system/workers.ts";

export interface ProvisioningWorkerOptions {
  platform: Platform;
  driver: RuntimeDriver;
  changes: Changes;
  logger: Logger;
  host: string;
  version: string;
  /** Programs run at most, and tasks worked on at a time. */
  capacity: number;
  concurrency: number;
  /** Work of other modules that is due every minute. */
  sweeps: readonly Sweep[];
}

export interface ProvisioningWorker {
  id: string;
  /** Takes on nothing more, hands tasks back, ends programs and lets go of their leases. */
  close(): Promise<void>;
}

/** Time that tasks under way have to come to a step's border and be handed back, in milliseconds. */
const handBackMs = 4_000;

/** Puts one worker to work: tasks from the queue, programs that should run, and the signs of life for both. */
export async function openProvisioningWorker(options: ProvisioningWorkerOptions): Promise<ProvisioningWorker> {
  const { platform, driver, changes, logger, capacity, concurrency } = options;
  const id = newId("worker");
  const stopping = new AbortController();
  const runtimes = new RuntimeDatabase(platform.settings.runtimeDatabaseUrl, logger, platform.settings.limits.storageBytes);
  const supervisor = new Supervisor(platform, driver, id, capacity, changes, logger);
  let beating: Promise<void> = Promise.resolve();
  let signedOff = false;
  const beat = () => {
    if (signedOff) return Promise.resolve();
    const given = beatWorker(platform, {
      id,
      host: options.host,
      pid: process.pid,
      version: options.version,
      driver: driver.name,
      templates: driver.templates(),
      capacity,
      instances: supervisor.size,
      unable: supervisor.inabilities.at(Date.now()),
    });
    // Without a value: one that held the value before would hold all of them, for as long as the worker lives.
    beating = Promise.allSettled([beating, given]).then(() => undefined);
    return given;
  };
  const work = { platform, workerId: id, supervisor, runtimes, logger };
  const tasks = new TaskWorker({ ...work, changes, concurrency, beat, stopping: stopping.signal });
  const reconciler = new Reconciler({ ...work, tasks });
  await beat();
  const stopBeating = every(
    heartbeatMs,
    () => answeredWithin(leaseMs, beat()),
    (error) => logger.warn({ err: error }, "could not give a sign of life"),
  );
  supervisor.open();
  reconciler.open();
  const endSweeps = openSweeps({ platform, supervisor, logger, others: options.sweeps });
  await platform.queue.work(runTask, concurrency, ({ taskId }) => tasks.run(taskId));

  return {
    id,
    async close() {
      await platform.queue.rest(runTask as never);
      stopping.abort();
      const [atRest, swept] = [stopBeating(), endSweeps()];
      await reconciler.close();
      for (const end = Date.now() + handBackMs; tasks.size > 0 && Date.now() < end; ) await sleep(25);
      if (tasks.size > 0) logger.warn({ tasks: tasks.size }, "tasks did not come to a border in time: their leases run out by themselves");
      await supervisor.close();
      await atRest;
      // A sign of life that came behind the removal would bring the dead worker's row back.
      signedOff = true;
      await beating;
      await removeWorker(platform, id);
      await swept;
      await runtimes.end();
    },
  };
}
