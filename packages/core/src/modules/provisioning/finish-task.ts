import type { Health } from "@obelisk/schemas/deployments";
import { z } from "zod";
import type { OrganizationContext } from "../../kernel/context.ts";
import { mutation } from "../../kernel/mutation.ts";
import { afterCancel, afterFailure, afterSuccess, type Failure, type Landing, type Progress, runsAgain, startingAgain } from "./policy.ts";
import { setStanding } from "./store.ts";
import type { ClaimedTask } from "./system/task-leases.ts";
import { TaskInterrupted } from "./task-run.ts";
import { taskTarget } from "./task-target.ts";

/** `health`: what the program said last, where one runs here. */
export type TaskEnd = { status: "succeeded" | "cancelled"; health: Health | null } | { status: "failed"; failure: Failure };

interface Finish {
  task: ClaimedTask;
  end: TaskEnd;
  progress: Progress;
}

/** Made by the worker itself, so there is nothing to check. */
const inputSchema = z.custom<Finish>((value) => typeof value === "object" && value !== null);

/**
 * Ends a task together with where that leaves its deployment and the audit entry.
 * @throws TaskInterrupted `lost` when the lease has gone to another, which then ends it; `cancelled` where it ended otherwise, but a
 *   cancel was accepted before
 */
export const finishTask: (ctx: OrganizationContext, input: Finish) => Promise<{ name: string }> = mutation({
  permission: "deployments.operate",
  input: inputSchema,
  async run({ db, input: { task, end, progress }, now }): Promise<{ name: string }> {
    const { organizationId } = task;
    const deployment = await db
      .selectFrom("deployments")
      .select("name")
      .where("organizationId", "=", organizationId)
      .where("id", "=", task.deploymentId)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    const ended = await db
      .updateTable("tasks")
      .set({
        status: end.status,
        finishedAt: now,
        leaseExpiresAt: null,
        failure: end.status === "failed" ? JSON.stringify(end.failure) : null,
      })
      .where("organizationId", "=", organizationId)
      .where("id", "=", task.taskId)
      .where("leaseOwner", "=", task.owner)
      .where("leaseEpoch", "=", task.epoch)
      .where("status", "=", "running")
      .returning("cancelRequestedAt")
      .executeTakeFirst();
    if (!ended) throw new TaskInterrupted("lost");
    if (end.status !== "cancelled" && ended.cancelRequestedAt) throw new TaskInterrupted("cancelled");
    const landing = landingOf(task, end, progress);
    const health = healthAfter(task, end, progress, landing, now);
    await Promise.all([
      setStanding(db, organizationId, task.deploymentId, landing, now),
      db
        .updateTable("taskSteps")
        .set({ status: "cancelled" })
        .where("organizationId", "=", organizationId)
        .where("taskId", "=", task.taskId)
        .where("attempt", "=", task.attempt)
        .where("status", "=", "pending")
        .execute(),
      ...(health === undefined
        ? []
        : [
            db
              .updateTable("deployments")
              .set({ health })
              .where("organizationId", "=", organizationId)
              .where("id", "=", task.deploymentId)
              .execute(),
          ]),
    ]);
    return deployment;
  },
  audit: ({ input: { task, end }, result }) => {
    const { target, data } = taskTarget({ ...task, id: task.taskId }, result.name);
    return {
      action: end.status === "succeeded" ? "task.succeeded" : end.status === "failed" ? "task.failed" : "task.cancelled",
      target,
      data: { ...data, attempt: task.attempt, ...(end.status === "failed" ? { code: end.failure.code } : {}) },
    };
  },
});

function landingOf({ action, former }: ClaimedTask, end: TaskEnd, progress: Progress): Landing {
  if (end.status === "failed") return afterFailure(action, former, progress, end.failure);
  const healthy = end.health?.status === "healthy";
  return end.status === "succeeded" ? { ...afterSuccess(action, healthy), failure: null } : afterCancel(former, progress, healthy);
}

/** The health to show from now on: what was seen last, none where nothing runs; undefined leaves it as it is. */
function healthAfter(
  { action, former }: ClaimedTask,
  end: TaskEnd,
  progress: Progress,
  landing: Landing,
  now: Date,
): string | null | undefined {
  if (end.status === "failed") return landing.status === "failed" ? null : undefined;
  if (end.status === "cancelled")
    return runsAgain(former, progress, "cancelled") ? JSON.stringify(end.health ?? startingAgain(action, now)) : undefined;
  return action === "suspend" || action === "deprovision" || !end.health ? null : JSON.stringify(end.health);
}
