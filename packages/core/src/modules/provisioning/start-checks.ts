import type { DeploymentKind, TaskAction } from "@obelisk/schemas/deployments";
import { type LifecycleAction, mayAsk, type Standing } from "@obelisk/schemas/lifecycle";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { UnreadableSecret } from "../../kernel/secrets.ts";
import { mayRerun, startsProgram } from "./policy.ts";
import { checkWish, type PreflightSubject, requirePassed, subjectOf, unreadable } from "./preflight.ts";
import { openSpecification } from "./specification.ts";
import { isNewestTask } from "./store.ts";

/** A deployment whose program is to be started: where it stands, and what it is made of. */
interface Startable {
  id: string;
  template: string;
  sealedSpec: string;
  status: string;
  desiredState: string;
  hasActiveTask: boolean;
}

const columns = [
  "d.id",
  "d.template",
  "d.sealedSpec",
  "d.status",
  "d.desiredState",
  sql<boolean>`exists (select 1 from tasks a where a.organization_id = d.organization_id and a.deployment_id = d.id
    and a.status in ('queued', 'running'))`.as("hasActiveTask"),
] as const;

/**
 * Makes the preflight checks before an action that starts the program is accepted. What can't be asked for anyway, or isn't there, passes
 * here: the change itself refuses it, and says why under its lock.
 * @throws ObeliskError `provisioning_unavailable` with the failed checks in `errors`, and as `authorize` does
 */
export async function requireStartable(
  ctx: OrganizationContext,
  action: LifecycleAction,
  id: string,
  kind: DeploymentKind | undefined,
): Promise<void> {
  if (!startsProgram(action)) return;
  let query = statements
    .selectFrom("deployments as d")
    .select(columns)
    .where("d.organizationId", "=", ctx.organizationId)
    .where("d.id", "=", id);
  if (kind) query = query.where("d.kind", "=", kind);
  const { deployments } = await readAuthorized(ctx, "deployments.operate", { deployments: query });
  const deployment = deployments[0];
  if (!deployment || !mayAsk(action, deployment as Standing, deployment.hasActiveTask).allowed) return;
  await requireChecksPassed(ctx, deployment);
}

/** The same before a task is run again, where its action starts the program. @throws ObeliskError as `requireStartable` */
export async function requireRerunnable(ctx: OrganizationContext, taskId: string, id: string | undefined): Promise<void> {
  let query = statements
    .selectFrom("tasks as t")
    .innerJoin("deployments as d", (join) => join.onRef("d.organizationId", "=", "t.organizationId").onRef("d.id", "=", "t.deploymentId"))
    .select(columns)
    .select(["t.action", "t.status as ended", isNewestTask.as("isNewest")])
    .where("t.organizationId", "=", ctx.organizationId)
    .where("t.id", "=", taskId);
  if (id) query = query.where("t.deploymentId", "=", id);
  const { tasks } = await readAuthorized(ctx, "deployments.operate", { tasks: query });
  const task = tasks[0];
  const action = task?.action as TaskAction;
  if (!task || !startsProgram(action)) return;
  const old = { action, status: task.ended, isNewest: task.isNewest };
  if (mayRerun(old, task as Standing, task.hasActiveTask).allowed) await requireChecksPassed(ctx, task);
}

async function requireChecksPassed(ctx: OrganizationContext, { id, template, sealedSpec }: Startable): Promise<void> {
  let subject: PreflightSubject;
  try {
    subject = subjectOf(id, template, openSpecification(ctx.platform.secrets, id, sealedSpec));
  } catch (error) {
    if (!(error instanceof UnreadableSecret)) throw error;
    return requirePassed([unreadable(ctx, error, "The stored configuration of the deployment", "create the deployment again")]);
  }
  requirePassed((await checkWish(ctx, subject)).checks);
}
