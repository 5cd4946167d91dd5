import { setTimeout as sleep } from "node:timers/promises";
import { answeredWithin } from "../../kernel/answered-within.ts";
import type { Platform } from "../../kernel/context.ts";
import { isPassingTrouble } from "../../kernel/database-trouble.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { every } from "../../kernel/every.ts";
import type { Logger } from "../../kernel/logger.ts";
import { DriverError } from "./driver/index.ts";
import { type Failure, heartbeatMs, leaseMs } from "./policy.ts";
import { withoutLines } from "./restart-policy.ts";
import { type BeatOutcome, beatTask, beginStep, type ClaimedTask, endStep } from "./system/task-leases.ts";

/** Why a worker stops working on a task before its steps are done. */
export class TaskInterrupted extends Error {
  readonly reason: "lost" | "cancelled" | "deadline" | "stopping";

  constructor(reason: TaskInterrupted["reason"]) {
    super(
      {
        lost: "another worker has the task now",
        cancelled: "the task was cancelled",
        deadline: "the task's deadline has passed",
        stopping: "this worker is stopping",
      }[reason],
    );
    this.name = "TaskInterrupted";
    this.reason = reason;
  }
}

/** A step that can't be done, with what to tell the person. */
export class TaskFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.name = "TaskFailure";
    this.failure = failure;
  }
}

/** What a person is told of an error inside a step. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TaskFailure) return error.failure;
  if (error instanceof DriverError) return { code: error.code, message: error.message };
  if (error instanceof ObeliskError) return { code: error.code, message: error.message };
  return {
    code: "internal_error",
    message: "Something went wrong on our side. Run the task again; if it happens again, tell the operator this task's id.",
  };
}

/**
 * A claimed task while it is worked on: keeps the lease, notices cancellation, deadline and loss, records steps. Whatever ends the work
 * early aborts `signal`, so that no wait inside a step outlasts it.
 */
export class TaskRun {
  readonly task: ClaimedTask;
  readonly #platform: Platform;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #closed = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  /** When the last sign of life was given that was heard: the lease counts from somewhat later. */
  #heldAt: number;
  #position = 0;

  constructor(platform: Platform, task: ClaimedTask, stopping: AbortSignal, logger: Logger) {
    this.task = task;
    this.#heldAt = task.heldSince;
    this.#platform = platform;
    this.#logger = logger;
    const untilDeadline = task.deadlineAt.getTime() - platform.clock.now().getTime();
    if (task.cancelRequested) this.#interrupt("cancelled");
    else if (untilDeadline <= 0) this.#interrupt("deadline");
    else this.#timers.push(setTimeout(() => this.#interrupt("deadline"), Math.min(untilDeadline, 2 ** 31 - 1)));
    if (stopping.aborted) this.#interrupt("stopping");
    else stopping.addEventListener("abort", () => this.#interrupt("stopping"), { once: true, signal: this.#closed.signal });
    // A beat tells of its faults by itself.
    this.#closed.signal.addEventListener(
      "abort",
      every(
        heartbeatMs,
        () => this.beat(),
        () => undefined,
      ),
      { once: true },
    );
  }

  /** Aborts with a TaskInterrupted as its reason. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborts when the work has ended, however it did. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Until when nobody else can have the task, with a tenth of the lease to spare. */
  get #surelyHeldUntil(): number {
    return this.#heldAt + leaseMs * 0.9;
  }

  /** Gives a sign of life now: by the clock, and when a change of the task is announced. */
  async beat(): Promise<void> {
    const at = Date.now();
    try {
      this.#heard(await answeredWithin(Math.max(0, this.#surelyHeldUntil - at), beatTask(this.#platform, this.task)), at);
    } catch (error) {
      this.#logger.warn({ err: error, taskId: this.task.taskId }, "could not give a sign of life for the task");
      // Whoever can't say that it lives must take it that another one takes over: the next sign would come too late.
      if (Date.now() + heartbeatMs > this.#surelyHeldUntil) this.#interrupt("lost");
    }
  }

  /**
   * Does a step: only with the lease in hand, recorded with start, end and what it says of itself.
   * @param work gives a sentence on what it did.
   */
  async step(work: (signal: AbortSignal) => Promise<string | null>): Promise<void> {
    const position = this.#position;
    this.#position += 1;
    this.#abort.signal.throwIfAborted();
    const at = Date.now();
    const outcome = await beginStep(this.#platform, this.task, this.task.attempt, position);
    this.#heard(outcome, at);
    if (outcome !== "held") this.#abort.signal.throwIfAborted();
    try {
      this.#abort.signal.throwIfAborted();
      const detail = await work(this.#abort.signal);
      await this.#end(position, "succeeded", detail);
    } catch (error) {
      const interrupted = this.#abort.signal.reason;
      if (interrupted instanceof TaskInterrupted) {
        if (interrupted.reason === "cancelled") await this.#end(position, "cancelled", null);
        if (interrupted.reason === "deadline") await this.#end(position, "failed", "The task's deadline passed.");
        throw interrupted;
      }
      const said = isPassingTrouble(error)
        ? "The database didn't do its part just now; the task is tried again."
        : withoutLines(failureOf(error).message);
      await this.#end(position, "failed", said);
      throw error;
    }
    this.#abort.signal.throwIfAborted();
  }

  /** Ends the heartbeats. The lease then runs out by itself unless the task was finished or handed back. */
  close(): void {
    this.#closed.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #end(position: number, status: "succeeded" | "failed" | "cancelled", detail: string | null): Promise<void> {
    const kept = await endStep(this.#platform, this.task, this.task.attempt, position, status, detail);
    if (!kept) this.#interrupt("lost");
  }

  #heard(outcome: BeatOutcome, at: number): void {
    if (outcome === "lost") {
      this.#interrupt("lost");
      return;
    }
    this.#heldAt = Math.max(this.#heldAt, at);
    if (outcome === "cancel_requested") this.#interrupt("cancelled");
  }

  #interrupt(reason: TaskInterrupted["reason"]): void {
    if (!this.#abort.signal.aborted) this.#abort.abort(new TaskInterrupted(reason));
  }
}

/** Waits, unless the signal ends it: then throws its reason. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
}
