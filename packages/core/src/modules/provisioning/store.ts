import type { Deployment, DeploymentKind, Task, TaskAction } from "@obelisk/schemas/deployments";
import type { Standing } from "@obelisk/schemas/lifecycle";
import { sql } from "kysely";
import type { TenantDb } from "../../db/tenant-db.ts";
import { notFound, ObeliskError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { taskTimeMs } from "./policy.ts";
import { type DeploymentRow, deploymentFrom, selectDeployments, selectTasks, taskFrom } from "./read-model.ts";
import type { InstanceLease } from "./system/instance-leases.ts";

/** Spelled out, not bound: a partial index serves only a predicate it can read. */
const unfinished = sql<boolean>`status in ('queued', 'running')`;

export interface LockedDeployment extends Standing {
  id: string;
  name: string;
  activeTaskId: string | null;
}

/**
 * Locks a deployment against every other change and tells where it stands. The lock leaves foreign keys alone: a worker that holds the
 * task may still insert rows that point to the deployment, instead of both waiting for each other.
 * @throws ObeliskError `not_found`
 */
export async function lockDeployment(db: TenantDb, organizationId: string, id: string, kind?: DeploymentKind): Promise<LockedDeployment> {
  let query = db
    .selectFrom("deployments as d")
    .select(["d.id", "d.name", "d.status", "d.desiredState"])
    .where("d.organizationId", "=", organizationId)
    .where("d.id", "=", id)
    .forNoKeyUpdate();
  if (kind) query = query.where("d.kind", "=", kind);
  // The task is read after the lock is held: the locking statement itself would see it as it was before the wait.
  const [row, task] = await Promise.all([
    query.executeTakeFirst(),
    db
      .selectFrom("tasks")
      .select("id")
      .where("organizationId", "=", organizationId)
      .where("deploymentId", "=", id)
      .where(unfinished)
      .executeTakeFirst(),
  ]);
  if (!row) throw notFound("deployment");
  return {
    id: row.id,
    name: row.name,
    status: row.status as Standing["status"],
    desiredState: row.desiredState as Standing["desiredState"],
    activeTaskId: task?.id ?? null,
  };
}

export interface NewTask {
  /** Made by the caller where something else must name the task before its row is there. */
  id?: string;
  deploymentId: string;
  action: TaskAction;
  former: Standing;
  rerunOf: string | null;
  requestedBy: string;
  requestId: string;
}

/** Adds a queued task. @throws ObeliskError `conflict` when another task of the deployment has not ended. */
export async function insertTask(db: TenantDb, organizationId: string, task: NewTask, now: Date): Promise<Task> {
  const id = task.id ?? newId("task");
  const deadlineAt = new Date(now.getTime() + taskTimeMs[task.action]);
  const added = await db
    .insertInto("tasks")
    .values({
      organizationId,
      id,
      deploymentId: task.deploymentId,
      action: task.action,
      status: "queued",
      rerunOf: task.rerunOf,
      formerStatus: task.former.status,
      formerDesiredState: task.former.desiredState,
      requestedBy: task.requestedBy,
      requestId: task.requestId,
      deadlineAt,
      createdAt: now,
    })
    .onConflict((conflict) => conflict.column("deploymentId").where(unfinished).doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!added) throw new ObeliskError("conflict", "Another task of this deployment has not ended: wait for it, or cancel it first.");
  return {
    id,
    deploymentId: task.deploymentId,
    action: task.action,
    status: "queued",
    attempt: 0,
    steps: [],
    failure: null,
    cancelRequested: false,
    createdAt: now.toISOString(),
    startedAt: null,
    heartbeatAt: null,
    finishedAt: null,
    deadlineAt: deadlineAt.toISOString(),
  };
}

export async function setStanding(
  db: TenantDb,
  organizationId: string,
  id: string,
  change: Standing & { failure: { code: string; message: string } | null },
  now: Date,
): Promise<void> {
  await db
    .updateTable("deployments")
    .set({
      status: change.status,
      desiredState: change.desiredState,
      failure: change.failure === null ? null : JSON.stringify(change.failure),
      updatedAt: now,
    })
    .where("organizationId", "=", organizationId)
    .where("id", "=", id)
    .execute();
}

/** A deployment as everyone sees it. @throws ObeliskError `not_found` */
export async function readDeployment(db: TenantDb, organizationId: string, id: string, baseUrl: string): Promise<Deployment> {
  const { rows } = await db.executeQuery<DeploymentRow>(selectDeployments(organizationId).where("d.id", "=", id).compile());
  const row = rows[0];
  if (!row) throw notFound("deployment");
  return deploymentFrom(row, baseUrl);
}

/** A task as everyone sees it. @throws ObeliskError `not_found` */
export async function readTask(db: TenantDb, organizationId: string, id: string): Promise<Task> {
  const { rows } = await db.executeQuery(selectTasks(organizationId).where("t.id", "=", id).compile());
  const row = rows[0];
  if (!row) throw notFound("task");
  return taskFrom(row.task);
}

export interface LockedTask {
  id: string;
  action: TaskAction;
  status: string;
  deploymentId: string;
  former: Standing;
  isNewest: boolean;
  /** Whether a worker has it now. */
  isHeld: boolean;
}

/** Whether `t` is the newest task of its deployment. */
export const isNewestTask = sql<boolean>`not exists (
  select 1 from tasks n where n.organization_id = t.organization_id and n.deployment_id = t.deployment_id and n.id > t.id)`;

/** What deciding about a task needs, its row locked. @throws ObeliskError `not_found` */
export async function lockTask(db: TenantDb, organizationId: string, id: string, deploymentId: string | undefined): Promise<LockedTask> {
  let query = db
    .selectFrom("tasks as t")
    .select(["t.id", "t.action", "t.status", "t.deploymentId", "t.formerStatus", "t.formerDesiredState"])
    .select(isNewestTask.as("isNewest"))
    .select(sql<boolean>`coalesce(t.status = 'running' and t.lease_expires_at > now(), false)`.as("isHeld"))
    .where("t.organizationId", "=", organizationId)
    .where("t.id", "=", id)
    .forNoKeyUpdate();
  if (deploymentId) query = query.where("t.deploymentId", "=", deploymentId);
  const row = await query.executeTakeFirst();
  if (!row) throw notFound("task");
  return {
    id: row.id,
    action: row.action as TaskAction,
    status: row.status,
    deploymentId: row.deploymentId,
    former: { status: row.formerStatus as Standing["status"], desiredState: row.formerDesiredState as Standing["desiredState"] },
    isNewest: row.isNewest,
    isHeld: row.isHeld,
  };
}

/**
 * Whether a lease still has its instance. With the deployment locked and its status looked at the answer stays true: a task takes an
 * instance only after its claim has changed that status under the same lock.
 */
export async function hasInstance(db: TenantDb, lease: InstanceLease): Promise<boolean> {
  const held = await db
    .selectFrom("instances")
    .select("epoch")
    .where("organizationId", "=", lease.organizationId)
    .where("deploymentId", "=", lease.deploymentId)
    .where("workerId", "=", lease.workerId)
    .where("epoch", "=", lease.epoch)
    .executeTakeFirst();
  return held !== undefined;
}
