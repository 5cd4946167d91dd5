import type { Changes } from "../../kernel/changes.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { isPassingTrouble } from "../../kernel/database-trouble.ts";
import type { Logger } from "../../kernel/logger.ts";
import { UnreadableSecret } from "../../kernel/secrets.ts";
import { isOfTheWorker } from "./ability-policy.ts";
import { admit, type Fitness, offerAgainSeconds } from "./admission.ts";
import { programMissing } from "./driver/index.ts";
import { finishTask, type TaskEnd } from "./finish-task.ts";
import { courses, type Failure, type Progress, runsAgain, startsProgram } from "./policy.ts";
import { type Begun, type ProcedureParts, procedures, progressOf, type Step, type StepWork, shutOut } from "./procedures.ts";
import { runTask } from "./run-task.job.ts";
import { SchemaFenced } from "./runtime-schema.ts";
import { secretFailure } from "./secret-failure.ts";
import { begunSteps, type ClaimedTask, claimTask, handBackTask } from "./system/task-leases.ts";
import { type OfferedTask, readOffer } from "./system/task-offers.ts";
import { failureOf, TaskFailure, TaskInterrupted, TaskRun } from "./task-run.ts";

export interface TaskWorkerParts extends ProcedureParts {
  workerId: string;
  logger: Logger;
  changes: Changes;
  /** Tasks worked on at a time. */
  concurrency: number;
  /** Gives a sign of life now, with what this worker can't run. */
  beat(): Promise<void>;
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
   * @returns "left" where it was left to the queue
   * @throws when this worker is stopping, so that the queue gives the job to another
   */
  async run(taskId: string): Promise<"left" | undefined> {
    const { platform, supervisor, workerId, stopping, logger } = this.#parts;
    if (stopping.aborted) throw new Error("this worker is stopping");
    const offer = await readOffer(platform, taskId, workerId);
    if (!offer) return undefined;
    // Kept until the task has ended: a redeployment stops its program without losing the place.
    using place = startsProgram(offer.action) ? supervisor.reserve(offer.deploymentId) : null;
    const fitness = this.#fitness(offer, place !== null);
    if (this.#admits(offer, fitness) === "later") {
      await platform.queue.enqueueNow(runTask, { taskId }, { key: offer.deploymentId, delaySeconds: offerAgainSeconds });
      logger.debug({ taskId, fitness }, "left the task to the queue for a moment");
      return "left";
    }
    this.#underWay.add(offer);
    try {
      await this.#claim(taskId, hindranceOf(fitness, offer.template));
    } finally {
      this.#underWay.delete(offer);
    }
    return undefined;
  }

  #fitness({ action, template, deploymentId }: OfferedTask, hasPlace: boolean): Fitness {
    const { driver, inabilities } = this.#parts.supervisor;
    if (!startsProgram(action)) return "able";
    if (!driver.templates().includes(template)) return "without_program";
    if (!hasPlace) return "full";
    return inabilities.at(Date.now()).includes(deploymentId) ? "backing_off" : "able";
  }

  #admits(offer: OfferedTask, fitness: Fitness): "take" | "later" {
    const { concurrency } = this.#parts;
    const ownTasks = [...this.#underWay].filter(({ organizationId }) => organizationId === offer.organizationId).length;
    return admit({ ...offer, fitness, ownTasks, concurrency });
  }

  async #claim(taskId: string, hindrance: Failure | null): Promise<void> {
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
      await this.#work(run, hindrance, log);
    } finally {
      run.close();
    }
  }

  /** A change of the deployment may be the wish to cancel: looked at now instead of with the next heartbeat. */
  async #follow(run: TaskRun): Promise<void> {
    const { organizationId, deploymentId } = run.task;
    for await (const _ of this.#parts.changes.subscribe(organizationId, deploymentId, run.closed)) await run.beat();
  }

  async #work(run: TaskRun, hindrance: Failure | null, log: Logger): Promise<void> {
    const { supervisor } = this.#parts;
    const { task } = run;
    const ctx = this.#context(task);
    const health = () => supervisor.find(task.deploymentId)?.health ?? null;
    let end: TaskEnd;
    try {
      run.signal.throwIfAborted();
      if (hindrance) throw new TaskFailure(hindrance);
      const begun: Begun = { program: null };
      for (const step of procedures[task.action])
        await run.step((signal) => this.#take(step, { parts: this.#parts, ctx, task, begun, signal }));
      end = { status: "succeeded", health: health() };
    } catch (error) {
      const reason = error instanceof TaskInterrupted ? error.reason : error instanceof SchemaFenced ? "lost" : null;
      if (reason === "lost") return this.#lost(task, log);
      if (reason === "stopping") return this.#handBack(task, "this worker is stopping", log);
      if (reason === null) log.warn({ err: error }, "a step failed");
      if (reason === null && isPassingTrouble(error)) return this.#handBack(task, troubled, log, againSeconds(task.attempt));
      const failure = reason === "deadline" ? deadlineExceeded : failureOf(error);
      if (reason === null && isOfTheWorker(failure.code) && (await this.#othersAreAble(task.taskId)))
        return this.#handBack(task, `another one may be able: ${failure.code}`, log);
      end = reason === "cancelled" ? { status: "cancelled", health: health() } : { status: "failed", failure };
    }
    await this.#finish(ctx, task, end, log);
  }

  async #finish(ctx: OrganizationContext, task: ClaimedTask, end: TaskEnd, log: Logger): Promise<void> {
    const progress = progressOf(task.action, await begunSteps(this.#parts.platform, task));
    if (end.status !== "succeeded" && !(await this.#tidy(task, end, progress, log))) return this.#lost(task, log);
    try {
      await finishTask(ctx, { task, end, progress });
      log.info({ status: end.status }, "task ended");
    } catch (error) {
      if (!(error instanceof TaskInterrupted)) throw error;
      if (error.reason !== "cancelled") return this.#lost(task, log);
      // The wish came behind the last step's end: it was accepted, so it holds.
      await this.#finish(ctx, task, { status: "cancelled", health: end.status === "failed" ? null : end.health }, log);
    }
  }

  /** Takes a step. A secret that can't be opened here says why it failed, and for want of a key that this worker leaves it to others. */
  async #take(step: Step, work: StepWork): Promise<string | null> {
    try {
      return await step.work(work);
    } catch (error) {
      if (!(error instanceof UnreadableSecret)) throw error;
      const failure = secretFailure(error);
      if (isOfTheWorker(failure.code)) this.#parts.supervisor.inabilities.note(work.task.deploymentId, Date.now());
      throw new TaskFailure(failure, { cause: error });
    }
  }

  /** @returns false when the task was lost meanwhile */
  async #tidy(task: ClaimedTask, end: TaskEnd, progress: Progress, log: Logger): Promise<boolean> {
    // Nothing was touched; or it ran before, and the reconciler starts it again.
    if (progress === "looked" || runsAgain(task.former, progress, end.status === "failed" ? end.failure : "cancelled")) return true;
    return shutOut(this.#parts, task, (error) =>
      log.warn({ err: error }, "could not shut the program out of its database; its lease is taken from it"),
    );
  }

  /** Another worker has it: what runs here under this lease ends, and nothing is written. */
  async #lost(task: ClaimedTask, log: Logger): Promise<void> {
    log.warn("the task was lost to another worker");
    const program = this.#parts.supervisor.find(task.deploymentId);
    if (program && program.lease.epoch <= task.epoch) await this.#parts.supervisor.renew();
  }

  /** Asked after this worker has told the others what it can't run, so that two that can't don't hand a task to each other for ever. */
  async #othersAreAble(taskId: string): Promise<boolean> {
    const { platform, workerId, beat } = this.#parts;
    await beat();
    return (await readOffer(platform, taskId, workerId))?.ableElsewhere ?? false;
  }

  async #handBack(task: ClaimedTask, why: string, log: Logger, delaySeconds = 0): Promise<void> {
    const { platform } = this.#parts;
    if (!(await handBackTask(platform, task, task.attempt, `Handed back: ${why}.`))) return;
    await platform.queue.enqueueNow(runTask, { taskId: task.taskId }, { key: task.deploymentId, delaySeconds });
    log.info(`handed the task back: ${why}`);
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

const troubled = "the database didn't do its part just now";

/** Seconds until a task is tried again whose step the database failed, as long as its deadline lets it. */
function againSeconds(attempt: number): number {
  return Math.min(30, 2 ** Math.min(attempt, 5));
}

/** What a worker that takes a task all the same fails it with, before any step; null where it tries. */
function hindranceOf(fitness: Fitness, template: string): Failure | null {
  if (fitness === "full") return noPlace;
  if (fitness !== "without_program") return null;
  const { code, message } = programMissing(template);
  return { code, message };
}

const noPlace = {
  code: "capacity",
  message: "Every worker is full. Suspend or deprovision a deployment, or let the operator add a worker, and run the task again.",
};

const deadlineExceeded = {
  code: "deadline_exceeded",
  message: "The task did not end before its deadline. See its steps for where it stood, and run it again.",
};
