import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import type { Logger } from "../../kernel/logger.ts";
import { UnreadableSecret } from "../../kernel/secrets.ts";
import { isOfTheWorker } from "./ability-policy.ts";
import { giveUpInstance } from "./fail-deployment.ts";
import { type Failure, owedTo } from "./policy.ts";
import type { TaskWorker } from "./run-task.handler.ts";
import { runTask } from "./run-task.job.ts";
import type { RuntimeDatabase } from "./runtime-schema.ts";
import { secretFailure } from "./secret-failure.ts";
import { unreachable } from "./supervision/health-policy.ts";
import type { Supervisor } from "./supervision/supervisor.ts";
import { readCharge } from "./system/charge.ts";
import { type InstanceLease, recordHealth, releaseInstance, takeDueInstances } from "./system/instance-leases.ts";
import { unheldTasks } from "./system/upkeep.ts";

export interface ReconcilerParts {
  platform: Platform;
  workerId: string;
  supervisor: Supervisor;
  tasks: TaskWorker;
  runtimes: RuntimeDatabase;
  logger: Logger;
}

/** Times in milliseconds, with a tenth of jitter either way; counts of what one pass takes on. */
const pace = { pulseMs: 2_000, moreMs: 300, tasks: 100, starts: 4 };

/**
 * Brings what is nearer to what should be: tasks whose worker died go back to the queue, tasks past their deadline end, and programs that
 * nobody answers for are started here while there is room. Every worker runs one.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> = Promise.resolve();
  /** Whether the last pass started as many programs as it may, so that more may wait. */
  #moreToStart = false;
  #open = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  open(): void {
    this.#open = true;
    this.#schedule(0);
  }

  /** Takes on nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#open = false;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** One pass over everything. */
  async pass(): Promise<void> {
    const { logger } = this.#parts;
    const parts: [string, () => Promise<void>][] = [
      ["bring tasks back", () => this.#bringTasksBack()],
      ["start programs", () => this.#startPrograms()],
    ];
    for (const [what, work] of parts) {
      try {
        await work();
      } catch (error) {
        logger.warn({ err: error }, `could not ${what}`);
      }
    }
  }

  #schedule(delayMs: number): void {
    if (!this.#open) return;
    this.#timer = setTimeout(() => {
      this.#pass = this.pass().finally(() =>
        this.#schedule((this.#moreToStart ? pace.moreMs : pace.pulseMs) * (0.9 + Math.random() * 0.2)),
      );
    }, delayMs);
  }

  async #bringTasksBack(): Promise<void> {
    const { platform, tasks: worker, logger } = this.#parts;
    const { now, tasks } = await unheldTasks(platform, pace.tasks);
    const decided = tasks.map((task) => ({ task, owed: owedTo(task, now) }));
    for (const { task } of decided.filter(({ owed }) => owed === "fail").slice(0, pace.starts)) {
      logger.warn({ taskId: task.id, deploymentId: task.deploymentId }, "a task is past its deadline");
      void worker.run(task.id).catch((error: unknown) => logger.warn({ err: error, taskId: task.id }, "could not end the task"));
    }
    const waiting = decided.filter(({ owed }) => owed === "enqueue").map(({ task }) => task);
    const without = new Set(
      await platform.queue.keysWithoutJob(
        runTask as never,
        waiting.map(({ deploymentId }) => deploymentId),
      ),
    );
    for (const task of waiting.filter(({ deploymentId }) => without.has(deploymentId))) {
      logger.info({ taskId: task.id, deploymentId: task.deploymentId }, "queued a task again that had lost its job");
      await platform.queue.enqueueNow(runTask, { taskId: task.id }, { key: task.deploymentId });
    }
  }

  async #startPrograms(): Promise<void> {
    const { platform, workerId, supervisor } = this.#parts;
    const room = Math.min(pace.starts, supervisor.room);
    this.#moreToStart = false;
    if (room <= 0 || !this.#open) return;
    const except = supervisor.inabilities.at(Date.now());
    const leases = await takeDueInstances(platform, workerId, supervisor.driver.templates(), except, room);
    const started = await Promise.all(leases.map((lease) => this.#startUnder(lease)));
    this.#moreToStart = started.filter(Boolean).length === room;
  }

  /** @returns whether it was started, or given up */
  async #startUnder(lease: InstanceLease): Promise<boolean> {
    const { platform, supervisor } = this.#parts;
    const log = this.#parts.logger.child({ deploymentId: lease.deploymentId, epoch: lease.epoch });
    using place = supervisor.reserve(lease.deploymentId);
    try {
      // Without a place a task has taken it meanwhile: another worker, or a later pass, starts this one.
      if (place) {
        log.info("took charge of a program that nobody answered for");
        await this.#start(lease);
        return true;
      }
    } catch (error) {
      log.warn({ err: error }, "could not start the program");
    }
    await releaseInstance(platform, lease);
    return false;
  }

  async #start(lease: InstanceLease): Promise<void> {
    const { platform, runtimes, supervisor } = this.#parts;
    try {
      await supervisor.take(lease, await readCharge(platform, runtimes, lease.deploymentId));
    } catch (error) {
      const failure = failureOfCharge(error);
      if (!failure) throw error;
      if (!isOfTheWorker(failure.code)) return giveUpInstance(platform, lease, failure);
      supervisor.inabilities.note(lease.deploymentId, Date.now());
      await recordHealth(platform, lease, unreachable(null, failure.message, new Date()));
      throw error;
    }
  }
}

/** Why a program lacks what it would be started with; null where the error tells nothing of that. */
function failureOfCharge(error: unknown): Failure | null {
  if (error instanceof UnreadableSecret) return secretFailure(error);
  return error instanceof ObeliskError ? { code: error.code, message: error.message } : null;
}
