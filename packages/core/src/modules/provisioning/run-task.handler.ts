import type { Changes } from "../../kernel/changes.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import type { Logger } from "../../kernel/logger.ts";
import { admit, offerAgainSeconds } from "./admission.ts";
import { finishTask, type TaskEnd } from "./finish-task.ts";
import { courses, type Progress, runs } from "./policy.ts";
import { failureOf, type ProcedureParts, procedures, progressOf, shutOut, startsProgram } from "./procedures.ts";
import { runTask } from "./run-task.job.ts";
import { SchemaFenced } from "./runtime-schema.ts";
import { begunSteps, type ClaimedTask, claimTask, handBackTask } from "./system/task-leases.ts";
import { type OfferedTask, readOffer } from "./system/task-offers.ts";
import { TaskFailure, TaskInterrupted, TaskRun } from "./task-run.ts";

export interface TaskWorkerParts extends ProcedureParts {
  workerId: string;
  logger: Logger;
  changes: Changes;
  /** Tasks worked on at a time. */
  concurrency: number;
  /** Aborts when this worker is stopping. */
  stopping: AbortSignal;
}

/**
 * Works on tasks, one lease at a time each. The queue may call it twice for one task, or for one that ended: the claim decides, and a
 * task that somebody else holds is left to them.
 */
export class TaskWorker {
  readonly #parts: TaskWorkerParts;
  /** Tasks admitted and not ended: counted from the decision on, so that many at once don't all see none. */
  readonly #underWay = new Set<OfferedTask>();

  constructor(parts: TaskWorkerParts) {
    this.#parts = parts;
  }

  /** Tasks under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /**
   * Claims the task and works on it until it ended, was handed back or was lost; or leaves it to the queue for a moment, when another
   * worker is the better one or another organization's turn has come.
   * @throws when this worker is stopping, so that the queue gives the job to another
   */
  async run(taskId: string): Promise<void> {
    const { platform, supervisor, workerId, stopping, logger } = this.#parts;
    if (stopping.aborted) throw new Error("this worker is stopping");
    const offer = await readOffer(platform, taskId, workerId);
    if (!offer) return;
    // Kept until the task has ended: a redeployment stops its program without losing the place.
    using place = startsProgram(offer.action) ? supervisor.reserve(offer.deploymentId) : null;
    const hasPlace = place !== null || !startsProgram(offer.action);
    if (this.#admits(offer, hasPlace) === "later") {
      await platform.queue.enqueueNow(runTask, { taskId }, { key: offer.deploymentId, delaySeconds: offerAgainSeconds });
      logger.debug({ taskId, hasPlace }, "left the task to the queue for a moment");
      return;
    }
    this.#underWay.add(offer);
    try {
      await this.#claim(taskId, hasPlace);
    } finally {
      this.#underWay.delete(offer);
    }
  }

  #admits(offer: OfferedTask, hasPlace: boolean): "take" | "later" {
    const { concurrency } = this.#parts;
    const ownTasks = [...this.#underWay].filter(({ organizationId }) => organizationId === offer.organizationId).length;
    return admit({ ...offer, hasPlace, ownTasks, concurrency });
  }

  async #claim(taskId: string, hasPlace: boolean): Promise<void> {
    const { platform, workerId, stopping, logger } = this.#parts;
    const task = await claimTask(platform, taskId, workerId, (action) => ({
      status: courses[action].whileRunning,
      steps: procedures[action].map(({ name }) => name),
    }));
    if (!task) {
      logger.debug({ taskId }, "the task is held by another worker, or has ended");
      return;
    }
    const log = logger.child({
      requestId: task.requestId,
      taskId,
      deploymentId: task.deploymentId,
      action: task.action,
      epoch: task.epoch,
    });
    log.info({ attempt: task.attempt }, "task claimed");
    const run = new TaskRun(platform, task, stopping, log);
    void this.#follow(run);
    try {
      await this.#work(run, hasPlace, log);
    } finally {
      run.close();
    }
  }

  /** A change of the deployment may be the wish to cancel: looked at now instead of with the next heartbeat. */
  async #follow(run: TaskRun): Promise<void> {
    const { organizationId, deploymentId } = run.task;
    for await (const _ of this.#parts.changes.subscribe(organizationId, deploymentId, run.closed)) await run.beat();
  }

  async #work(run: TaskRun, hasPlace: boolean, log: Logger): Promise<void> {
    const { platform, supervisor } = this.#parts;
    const { task } = run;
    const ctx = this.#context(task);
    const health = () => supervisor.find(task.deploymentId)?.health ?? null;
    let end: TaskEnd;
    try {
      run.signal.throwIfAborted();
      if (!hasPlace) throw new TaskFailure(noPlace);
      for (const step of procedures[task.action]) await run.step((signal) => step.work({ parts: this.#parts, ctx, task, signal }));
      end = { status: "succeeded", health: health() };
    } catch (error) {
      const reason = error instanceof TaskInterrupted ? error.reason : error instanceof SchemaFenced ? "lost" : null;
      if (reason === "lost") return this.#lost(task, log);
      if (reason === "stopping") return this.#handBack(task, log);
      if (reason === null) log.warn({ err: error }, "a step failed");
      end =
        reason === "cancelled"
          ? { status: "cancelled", health: health() }
          : { status: "failed", failure: reason === "deadline" ? deadlineExceeded : failureOf(error) };
    }
    const progress = progressOf(task.action, await begunSteps(platform, task));
    if (end.status !== "succeeded" && !(await this.#tidy(task, end, progress, log))) return this.#lost(task, log);
    try {
      await finishTask(ctx, { task, end, progress });
      log.info({ status: end.status }, "task ended");
    } catch (error) {
      if (error instanceof TaskInterrupted) return this.#lost(task, log);
      throw error;
    }
  }

  /** @returns false when the task was lost meanwhile */
  async #tidy(task: ClaimedTask, end: TaskEnd, progress: Progress, log: Logger): Promise<boolean> {
    // Nothing was touched; or it ran before, and the reconciler starts it again.
    if (progress === "looked" || (runs(task.former) && end.status === "cancelled" && progress === "begun")) return true;
    try {
      return await shutOut(this.#parts, task);
    } catch (error) {
      log.warn({ err: error }, "could not shut the program out of its database; its lease is taken from it");
      return true;
    }
  }

  /** Another worker has it: what runs here under this lease ends, and nothing is written. */
  async #lost(task: ClaimedTask, log: Logger): Promise<void> {
    log.warn("the task was lost to another worker");
    const program = this.#parts.supervisor.find(task.deploymentId);
    if (program && program.lease.epoch <= task.epoch) await this.#parts.supervisor.renew();
  }

  async #handBack(task: ClaimedTask, log: Logger): Promise<void> {
    const { platform } = this.#parts;
    if (!(await handBackTask(platform, task, task.attempt))) return;
    await platform.queue.enqueueNow(runTask, { taskId: task.taskId }, { key: task.deploymentId });
    log.info("handed the task back: this worker is stopping");
  }

  #context(task: ClaimedTask): OrganizationContext {
    const { platform, workerId } = this.#parts;
    return {
      platform,
      organizationId: task.organizationId,
      requestId: task.requestId,
      actor: { type: "system", id: workerId, label: "obelisk worker" },
      ip: null,
    };
  }
}

const noPlace = {
  code: "capacity",
  message: "Every worker is full. Suspend or deprovision a deployment, or let the operator add a worker, and run the task again.",
};

const deadlineExceeded = {
  code: "deadline_exceeded",
  message: "The task did not end before its deadline. See its steps for where it stood, and run it again.",
};
