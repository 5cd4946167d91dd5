import type { Task } from "@obelisk/schemas/deployments";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { requirePermission } from "../../kernel/authorization.ts";
import { conflict } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { courses, mayRerun } from "./policy.ts";
import { runTask } from "./run-task.job.ts";
import { requireRerunnable } from "./start-checks.ts";
import { insertTask, lockDeployment, lockTask, readTask, setStanding } from "./store.ts";
import { taskTarget } from "./task-target.ts";

const inputSchema = z.object({ taskId: idSchema("task"), id: idSchema("deployment").optional() });

/**
 * Runs a failed or cancelled task again, as a new task that names the old one.
 * @throws ObeliskError `conflict` where it can't be, `provisioning_unavailable` as `createDeployment` where it starts a program
 */
export const rerunTask = mutation({
  permission: "deployments.operate",
  input: inputSchema,
  before: (ctx, { taskId, id }) => requireRerunnable(ctx, taskId, id),
  async run({ ctx, db, input, grant, now, enqueue }): Promise<{ task: Task; name: string }> {
    const { organizationId } = ctx;
    const { deploymentId } = await readTask(db, organizationId, input.taskId);
    const standing = await lockDeployment(db, organizationId, input.id ?? deploymentId);
    const old = await lockTask(db, organizationId, input.taskId, input.id);
    if (old.action === "deprovision") requirePermission(await grant, "deployments.deprovision");
    const verdict = mayRerun(old, standing, standing.activeTaskId !== null);
    if (!verdict.allowed) throw conflict(verdict.reason);
    const course = courses[old.action];
    const task = await insertTask(
      db,
      organizationId,
      {
        deploymentId: old.deploymentId,
        action: old.action,
        former: old.action === "provision" ? old.former : standing,
        rerunOf: old.id,
        requestedBy: ctx.actor.id,
        requestId: ctx.requestId,
      },
      now,
    );
    await Promise.all([
      setStanding(db, organizationId, old.deploymentId, { status: course.whileQueued, desiredState: course.desired, failure: null }, now),
      enqueue(runTask, { taskId: task.id }, { key: old.deploymentId }),
    ]);
    return { task, name: standing.name };
  },
  answer: ({ task }) => task,
  audit: ({ input, result: { task, name } }) => {
    const { target, data } = taskTarget(task, name);
    return { action: "task.rerun", target, data: { ...data, rerunOf: input.taskId } };
  },
});
