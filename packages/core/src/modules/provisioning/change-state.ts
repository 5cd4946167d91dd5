import type { Permission } from "@obelisk/schemas/access";
import type { AuditAction } from "@obelisk/schemas/audit";
import { type Deployment, deploymentKindSchema } from "@obelisk/schemas/deployments";
import { type LifecycleAction, mayAsk } from "@obelisk/schemas/lifecycle";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { conflict } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { courses } from "./policy.ts";
import { runTask } from "./run-task.job.ts";
import { requireStartable } from "./start-checks.ts";
import { insertTask, lockDeployment, readDeployment, setStanding } from "./store.ts";

const inputSchema = z.object({ id: idSchema("deployment"), kind: deploymentKindSchema.optional() });

/** An action a person asks for: records the wish, queues the task that fulfils it, and answers the deployment as it then is. */
function change(action: LifecycleAction, permission: Permission, audited: AuditAction) {
  return mutation({
    permission,
    input: inputSchema,
    before: (ctx, { id, kind }) => requireStartable(ctx, action, id, kind),
    async run({ ctx, db, input, now, enqueue }): Promise<Deployment> {
      const former = await lockDeployment(db, ctx.organizationId, input.id, input.kind);
      const verdict = mayAsk(action, former, former.activeTaskId !== null);
      if (!verdict.allowed) throw conflict(verdict.reason);
      const course = courses[action];
      const request = { deploymentId: input.id, action, former, rerunOf: null, requestedBy: ctx.actor.id, requestId: ctx.requestId };
      const task = await insertTask(db, ctx.organizationId, request, now);
      await Promise.all([
        setStanding(db, ctx.organizationId, input.id, { status: course.whileQueued, desiredState: course.desired, failure: null }, now),
        enqueue(runTask, { taskId: task.id }, { key: input.id }),
      ]);
      return readDeployment(db, ctx.organizationId, input.id, ctx.platform.settings.baseUrl);
    },
    audit: ({ result }) => ({
      action: audited,
      target: { type: "deployment", id: result.id, label: result.name },
      data: { taskId: result.currentTask?.id ?? null },
    }),
  });
}

/** Stops the program; its data stays. @throws ObeliskError `conflict` unless it runs */
export const suspendDeployment = change("suspend", "deployments.operate", "deployment.suspended");

/** Starts a suspended program again. @throws ObeliskError `conflict` unless it is suspended, `provisioning_unavailable` as `createDeployment` */
export const resumeDeployment = change("resume", "deployments.operate", "deployment.resumed");

/**
 * Restarts the program on its configuration; its data stays.
 * @throws ObeliskError `conflict` unless it runs or has failed, `provisioning_unavailable` as `createDeployment`: what runs then runs on
 */
export const redeployDeployment = change("redeploy", "deployments.operate", "deployment.redeployed");

/** Stops the program and drops its data for good; name and history stay readable. @throws ObeliskError `conflict` during a task */
export const deprovisionDeployment = change("deprovision", "deployments.deprovision", "deployment.deprovisioned");
