import type { DeploymentStatus, DesiredState, Health, TaskAction } from "@obelisk/schemas/deployments";
import { mayAsk, type Standing, type Verdict } from "@obelisk/schemas/lifecycle";
import { isOfTheWorker } from "./ability-policy.ts";

/** What an action does to a deployment: the state it wants, and the statuses it passes through. */
interface Course {
  desired: DesiredState;
  /** From the moment the task is accepted. */
  whileQueued: DeploymentStatus;
  whileRunning: DeploymentStatus;
}

export const courses = {
  provision: { desired: "running", whileQueued: "queued", whileRunning: "provisioning" },
  suspend: { desired: "suspended", whileQueued: "suspending", whileRunning: "suspending" },
  resume: { desired: "running", whileQueued: "provisioning", whileRunning: "provisioning" },
  redeploy: { desired: "running", whileQueued: "provisioning", whileRunning: "provisioning" },
  deprovision: { desired: "deprovisioned", whileQueued: "deprovisioning", whileRunning: "deprovisioning" },
} as const satisfies Record<TaskAction, Course>;

/** Whether the action ends with a program that runs, and so takes a place of a worker's. */
export function startsProgram(action: TaskAction): boolean {
  return courses[action].desired === "running";
}

export interface Failure {
  code: string;
  message: string;
}

/**
 * Whether a task that ended may be run again: it failed or was cancelled, and no other was asked for since. Where the deployment is failed that is a
 * way out of it, whatever made it fail.
 */
export function mayRerun(
  task: { action: TaskAction; status: string; isNewest: boolean },
  standing: Standing,
  hasActiveTask: boolean,
): Verdict {
  if (task.status !== "failed" && task.status !== "cancelled") {
    return { allowed: false, reason: `This task is ${task.status}: only a failed or cancelled one can be run again.` };
  }
  if (!task.isNewest)
    return { allowed: false, reason: "A newer task of the deployment exists: run that one again, or ask for a new action." };
  if (task.action === "provision") {
    if (hasActiveTask || standing.status !== "failed")
      return { allowed: false, reason: `The deployment is ${standing.status}: there is nothing to provision again.` };
    return { allowed: true };
  }
  if (standing.status === "failed" && !hasActiveTask) return { allowed: true };
  return mayAsk(task.action, standing, hasActiveTask);
}

/** Where the deployment stands once its task has succeeded. `healthy`: whether the program reported health at the end. */
export function afterSuccess(action: TaskAction, healthy: boolean): Standing {
  const desiredState = courses[action].desired;
  if (desiredState === "suspended") return { status: "suspended", desiredState };
  if (desiredState === "deprovisioned") return { status: "deprovisioned", desiredState };
  return { status: healthy ? "running" : "degraded", desiredState };
}

/** How far a task had come: it had looked at most; it had begun, and so may have stopped the program; its data was being dropped. */
export type Progress = "looked" | "begun" | "dropping";

/**
 * Whether what ran before a task that didn't succeed is to run again as it did: a cancel takes nothing away, nor does a worker that can't run
 * the program where another one, or a later try, may.
 */
export function runsAgain(former: Standing, progress: Progress, cause: "cancelled" | Failure): boolean {
  return runs(former) && progress === "begun" && (cause === "cancelled" || isOfTheWorker(cause.code));
}

/**
 * Where it stands once its task has failed. Where the task had only looked, nothing has changed: it stands where it stood before, and the
 * task shows the cause; one that never ran has no such place. One that runs again counts as
 * degraded until its program answers. Otherwise the wish stays, and the deployment shows the cause.
 */
export function afterFailure(action: TaskAction, former: Standing, progress: Progress, failure: Failure): Landing {
  if (progress === "looked" && former.status !== "queued") return { ...former, failure: former.status === "failed" ? failure : null };
  if (runsAgain(former, progress, failure)) return { status: "degraded", desiredState: former.desiredState, failure: null };
  return { status: "failed", desiredState: courses[action].desired, failure };
}

/** Where a task leaves its deployment, with the cause to show where it failed. */
export type Landing = Standing & { failure: Failure | null };

/** Whether a deployment in this standing has a program that answers, or is being brought back to it. */
export function runs({ status }: Standing): boolean {
  return status === "running" || status === "degraded";
}

/**
 * Where it stands once its task was cancelled: where it stood before. A deployment that never ran has no such place: it is failed
 * with the code `cancelled`, and its task can be run again. One that was running counts as degraded until its program, which the
 * task may have stopped, answers; `healthy` says that it does. Dropped data doesn't come back: there deprovisioning again is the only way on.
 */
export function afterCancel(former: Standing, progress: Progress, healthy: boolean): Landing {
  const cancelled = (message: string): Failure => ({ code: "cancelled", message });
  if (progress === "dropping") {
    return {
      status: "failed",
      desiredState: "deprovisioned",
      failure: cancelled(
        "Deprovisioning was cancelled when data was already being dropped: it may be gone. Deprovision the deployment again.",
      ),
    };
  }
  switch (former.status) {
    case "running":
    case "degraded":
      return { status: progress === "looked" ? former.status : healthy ? "running" : "degraded", desiredState: "running", failure: null };
    case "suspended":
      return { status: "suspended", desiredState: "suspended", failure: null };
    case "failed":
      return {
        status: "failed",
        desiredState: former.desiredState,
        failure: cancelled("The task was cancelled. Run it again, or deprovision the deployment."),
      };
    default:
      return {
        status: "failed",
        desiredState: former.desiredState,
        failure: cancelled("Provisioning was cancelled before the deployment ran. Run the task again, or deprovision the deployment."),
      };
  }
}

const cancelledNoun: Record<TaskAction, string> = {
  provision: "provisioning",
  suspend: "suspension",
  resume: "resumption",
  redeploy: "redeployment",
  deprovision: "deprovisioning",
};

/** Health of what runs again after its task was cancelled, until its program answers: what was known before the task holds no more. */
export function startingAgain(action: TaskAction, now: Date): Health {
  const numbers = { syncedBlock: null, headBlock: null, lagBlocks: null };
  return {
    status: "degraded",
    message: `Starting again after the cancelled ${cancelledNoun[action]}.`,
    ...numbers,
    checkedAt: now.toISOString(),
  };
}

/** Time a task has from the moment it is accepted, in milliseconds: queued or running, after that it fails by itself. */
export const taskTimeMs: Record<TaskAction, number> = {
  provision: 10 * 60_000,
  resume: 10 * 60_000,
  redeploy: 10 * 60_000,
  suspend: 5 * 60_000,
  deprovision: 10 * 60_000,
};

/** How long a worker holds a task or an instance without a sign of life, and how often it gives one. */
export const leaseMs = 10_000;
export const heartbeatMs = 3_000;

export interface ObservedTask {
  status: "queued" | "running";
  deadlineAt: Date;
  leaseExpiresAt: Date | null;
}

/**
 * What the reconciler owes a task: nothing while a worker holds it, which ends it by itself, past its deadline too. One that nobody
 * holds is failed once its deadline has passed, and brought back before that where its job is missing (the queue knows).
 */
export function owedTo(task: ObservedTask, now: Date): "nothing" | "fail" | "enqueue" {
  const held = task.status === "running" && task.leaseExpiresAt !== null && task.leaseExpiresAt > now;
  if (held) return "nothing";
  return task.deadlineAt <= now ? "fail" : "enqueue";
}
