import type { Health, TaskAction } from "@obelisk/schemas/deployments";
import type { OrganizationContext, Platform } from "../../kernel/context.ts";
import { DriverError } from "./driver/index.ts";
import type { Progress } from "./policy.ts";
import { requirePassed, runPreflight, subjectOf } from "./preflight.ts";
import { type RuntimeDatabase, SchemaFenced } from "./runtime-schema.ts";
import { ProgramGone } from "./supervision/first-answer.ts";
import type { SupervisedProgram } from "./supervision/program.ts";
import type { Supervisor } from "./supervision/supervisor.ts";
import { keepDatabasePassword, readCharge, readSpecification } from "./system/charge.ts";
import { takeInstanceForTask } from "./system/instance-leases.ts";
import type { ClaimedTask } from "./system/task-leases.ts";
import { pause, TaskFailure, TaskInterrupted } from "./task-run.ts";

export interface ProcedureParts {
  platform: Platform;
  supervisor: Supervisor;
  runtimes: RuntimeDatabase;
}

/** What one step works with. */
export interface StepWork {
  parts: ProcedureParts;
  ctx: OrganizationContext;
  task: ClaimedTask;
  begun: Begun;
  signal: AbortSignal;
}

/** What one attempt's steps have begun: a program that ended meanwhile still tells why. */
export interface Begun {
  program: SupervisedProgram | null;
}

export interface Step {
  name: string;
  /** Changes nothing: where it fails first, what ran before runs on. */
  looks?: true;
  /** From its beginning on there is no way back to where the deployment stood before. */
  drops?: true;
  /** Can be done again after a crash between any two statements. Gives a sentence on what it did. */
  work(step: StepWork): Promise<string | null>;
}

/** Times in milliseconds. */
const times = { answer: 150_000, firstProgress: 20_000, look: 250 };

const check: Step = {
  name: "Check that it can run",
  looks: true,
  async work({ parts, ctx, task }) {
    const { template, specification } = await readSpecification(parts.platform, task.deploymentId);
    const preflight = await runPreflight(ctx, subjectOf(task.deploymentId, template, specification));
    // The worker keeps a place for the program since before the task was claimed, which the fleet's count may hold against it.
    const checks = preflight.checks.filter(({ name }) => name !== "capacity");
    requirePassed(checks);
    return checks.map(({ detail }) => detail).join(" ");
  },
};

const prepare: Step = {
  name: "Prepare its database",
  async work({ parts, task }) {
    const password = await keepDatabasePassword(parts.platform, task);
    if (password === null) throw new TaskInterrupted("lost");
    await parts.runtimes.prepare(task.deploymentId, task.epoch, password);
    return "Role, schema and limits are in place.";
  },
};

const start: Step = {
  name: "Start the program",
  async work({ parts, task, begun }) {
    const { platform, supervisor, runtimes } = parts;
    const charge = await readCharge(platform, runtimes, task.deploymentId);
    if (!(await takeInstanceForTask(platform, task, true))) throw new TaskInterrupted("lost");
    const { deploymentId, organizationId, owner: workerId, epoch } = task;
    try {
      begun.program = await supervisor.take({ deploymentId, organizationId, workerId, epoch }, charge);
    } catch (error) {
      if (error instanceof DriverError) throw new TaskFailure({ code: error.code, message: error.message }, { cause: error });
      throw error;
    }
    return `Started by the driver ${supervisor.driver.name}, epoch ${task.epoch}.`;
  },
};

function startedBy({ program }: Begun): SupervisedProgram {
  if (!program) throw new Error("this step comes after the start of a program");
  return program;
}

const answer: Step = {
  name: "Wait until it answers",
  async work({ begun, signal }) {
    const program = startedBy(begun);
    const timeout = AbortSignal.timeout(times.answer);
    try {
      const health = await program.answered(AbortSignal.any([signal, timeout]));
      return describeHealth(health);
    } catch (error) {
      if (error instanceof ProgramGone) throw new TaskFailure(error.failure, { cause: error });
      if (timeout.aborted && !signal.aborted)
        throw new TaskFailure(program.tooSlow(`The program did not answer within ${times.answer / 1_000} s`));
      throw error;
    }
  },
};

const firstProgress: Step = {
  name: "Wait for its first progress",
  async work({ begun, signal }) {
    const end = Date.now() + times.firstProgress;
    const program = startedBy(begun);
    for (;;) {
      const { failure, health } = program;
      if (failure) throw new TaskFailure(failure);
      if (health && health.syncedBlock !== null) return describeHealth(health);
      // No progress yet is no failure: the chain may be slow, and health says so from here on.
      if (Date.now() >= end) return `No block yet after ${times.firstProgress / 1_000} s; it goes on by itself.`;
      await pause(times.look, signal);
    }
  },
};

const stop: Step = {
  name: "Stop the program",
  async work({ parts, task }) {
    const here = await parts.supervisor.stop(task.deploymentId);
    // Takes it from another worker too, which ends its program as soon as it hears of it; the closed schema stops it before that.
    if (!(await takeInstanceForTask(parts.platform, task, false))) throw new TaskInterrupted("lost");
    return here ? "The program ended." : "No program runs on this worker; any other is shut out.";
  },
};

const closeDatabase: Step = {
  name: "Close its database",
  async work({ parts, task }) {
    await parts.runtimes.close(task.deploymentId, task.epoch);
    return "Its data stays; nothing can write it.";
  },
};

const dropDatabase: Step = {
  name: "Drop its data",
  drops: true,
  async work({ parts, task }) {
    await parts.runtimes.drop(task.deploymentId, task.epoch);
    await parts.supervisor.driver.forget(task.deploymentId);
    return "Schema, role and files are gone.";
  },
};

/** The steps of each action, in order. */
export const procedures: Readonly<Record<TaskAction, readonly Step[]>> = {
  provision: [check, prepare, start, answer, firstProgress],
  resume: [check, prepare, start, answer, firstProgress],
  redeploy: [check, stop, prepare, start, answer, firstProgress],
  suspend: [stop, closeDatabase],
  deprovision: [stop, dropDatabase],
};

/** How far a task has come that has begun the steps at these positions, in any attempt. */
export function progressOf(action: TaskAction, begun: readonly number[]): Progress {
  const steps = begun.map((position) => procedures[action][position]);
  if (steps.some((step) => step?.drops)) return "dropping";
  return steps.every((step) => step?.looks) ? "looked" : "begun";
}

/**
 * Undoes what a task that didn't succeed may have left running: program and database are closed. Data is never dropped here.
 * @param onUnclosed told of a database that couldn't be closed: the program has lost its lease all the same, and ends once it hears of that.
 * @returns false when another worker has taken over.
 */
export async function shutOut(parts: ProcedureParts, task: ClaimedTask, onUnclosed: (error: unknown) => void): Promise<boolean> {
  await parts.supervisor.stop(task.deploymentId);
  if (!(await takeInstanceForTask(parts.platform, task, false))) return false;
  try {
    await parts.runtimes.close(task.deploymentId, task.epoch);
  } catch (error) {
    if (error instanceof SchemaFenced) return false;
    onUnclosed(error);
  }
  return true;
}

function describeHealth(health: Health): string {
  const { syncedBlock, headBlock, message } = health;
  if (message) return `It answers: ${message.replace(/\.$/, "")}.`;
  if (syncedBlock === null) return "It answers.";
  return headBlock === null ? `It answers, at block ${syncedBlock}.` : `It answers, at block ${syncedBlock} of ${headBlock}.`;
}
