import type { Task } from "@obelisk/schemas/deployments";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { conflict } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { afterCancel } from "./policy.ts";
import { runTask } from "./run-task.job.ts";
import { lockDeployment, lockTask, readTask, setStanding } from "./store.ts";
import { taskTarget } from "./task-target.ts";

const inputSchema = z.object({ taskId: idSchema("task"), id: idSchema("deployment").optional() });

/**
 * Cancels a task. A queued one ends here; a running one is asked to, notices within seconds, undoes what it has begun and leaves the
 * deployment where it stood before (`policy.ts`, `afterCancel`). Asking again changes nothing more; the audit log keeps every wish.
 * @throws ObeliskError `conflict` for a task that has ended
 */
export const cancelTask = mutation({
  permission: "deployments.operate",
  input: inputSchema,
  async run({ ctx, db, input, now, enqueue }): Promise<{ task: Task; name: string }> {
    const { organizationId } = ctx;
    // Deployment before task, as every other change locks them: no two changes wait for each other.
    const { deploymentId } = await readTask(db, organizationId, input.taskId);
    const { name } = await lockDeployment(db, organizationId, input.id ?? deploymentId);
    const task = await lockTask(db, organizationId, input.taskId, input.id);
    if (task.status !== "queued" && task.status !== "running") throw conflict(`This task is already ${task.status}.`);
    const row = db.updateTable("tasks").where("organizationId", "=", organizationId).where("id", "=", task.id);
    if (task.status === "queued") {
      await row.set({ status: "cancelled", cancelRequestedAt: now, finishedAt: now }).execute();
      await setStanding(db, organizationId, task.deploymentId, afterCancel(task.former, "looked", false), now);
    } else {
      await row.set(({ fn, val }) => ({ cancelRequestedAt: fn.coalesce("cancelRequestedAt", val(now)) })).execute();
      // One that was handed back waits for its next try: whoever takes it up for the cancel's sake needs no such pause.
      if (!task.isHeld) await enqueue(runTask, { taskId: task.id }, { key: task.deploymentId });
    }
    return { task: await readTask(db, organizationId, task.id), name };
  },
  answer: ({ task }) => task,
  audit: ({ result: { task, name } }) => ({
    action: task.status === "cancelled" ? "task.cancelled" : "task.cancel_requested",
    ...taskTarget(task, name),
  }),
});
