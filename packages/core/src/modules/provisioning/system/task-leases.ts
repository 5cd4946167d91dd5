import type { TaskAction } from "@obelisk/schemas/deployments";
import type { Standing } from "@obelisk/schemas/lifecycle";
import { sql } from "kysely";
import { type SystemDb, systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { leaseMs } from "../policy.ts";

/** The right to work on a task: whoever claims it later carries a higher epoch, and this one then changes nothing any more. */
export interface TaskLease {
  taskId: string;
  deploymentId: string;
  organizationId: string;
  owner: string;
  epoch: number;
}

export interface ClaimedTask extends TaskLease {
  action: TaskAction;
  attempt: number;
  former: Standing;
  requestId: string;
  deadlineAt: Date;
  cancelRequested: boolean;
  /** By this process's clock, milliseconds since 1970: the lease counts from then or somewhat later. */
  heldSince: number;
}

/** When a lease ends that is taken or renewed now. By the clock of this moment, since a transaction may have waited for a row since it began. */
export const leaseEnd = sql<Date>`clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'`;

/** Seconds past its deadline during which a holder may still tidy up; after that its heartbeats no longer count. */
const tidyingSeconds = 60;

/**
 * Claims a task that is queued, or whose worker has given no sign of life for the length of a lease: raises the deployment's epoch,
 * sets the status that goes with the work, lays out the steps. Null when somebody else holds it or it has ended.
 */
export async function claimTask(
  platform: Platform,
  taskId: string,
  owner: string,
  layOut: (action: TaskAction) => { status: Standing["status"]; steps: readonly string[] },
): Promise<ClaimedTask | null> {
  return systemDb(platform)
    .transaction()
    .execute(async (db) => {
      const known = await db.selectFrom("tasks").select(["deploymentId", "action"]).where("id", "=", taskId).executeTakeFirst();
      if (!known) return null;
      // The deployment first, then the task: the order in which every change locks them.
      await db.selectFrom("deployments").select("id").where("id", "=", known.deploymentId).forNoKeyUpdate().execute();
      const claimable = await db
        .selectFrom("tasks")
        .select("id")
        .where("id", "=", taskId)
        .where(sql<boolean>`(status = 'queued' or (status = 'running' and lease_expires_at <= now()))`)
        .forNoKeyUpdate()
        .executeTakeFirst();
      if (!claimable) return null;
      const plan = layOut(known.action as TaskAction);
      const deployment = await db
        .updateTable("deployments")
        .set({ epoch: sql<number>`epoch + 1`, status: plan.status, updatedAt: sql<Date>`now()` })
        .where("id", "=", known.deploymentId)
        .returning("epoch")
        .executeTakeFirstOrThrow();
      const heldSince = Date.now();
      const task = await db
        .updateTable("tasks")
        .set({
          status: "running",
          attempt: sql<number>`attempt + 1`,
          leaseOwner: owner,
          leaseEpoch: deployment.epoch,
          leaseExpiresAt: leaseEnd,
          heartbeatAt: sql<Date>`now()`,
          startedAt: sql<Date>`coalesce(started_at, now())`,
        })
        .where("id", "=", taskId)
        .returning(["organizationId", "attempt", "formerStatus", "formerDesiredState", "requestId", "deadlineAt", "cancelRequestedAt"])
        .executeTakeFirstOrThrow();
      await layOutSteps(db as unknown as SystemDb, task.organizationId, taskId, task.attempt, plan.steps);
      return {
        taskId,
        deploymentId: known.deploymentId,
        organizationId: task.organizationId,
        owner,
        epoch: deployment.epoch,
        action: known.action as TaskAction,
        attempt: task.attempt,
        former: { status: task.formerStatus as Standing["status"], desiredState: task.formerDesiredState as Standing["desiredState"] },
        requestId: task.requestId,
        deadlineAt: task.deadlineAt,
        cancelRequested: task.cancelRequestedAt !== null,
        heldSince,
      };
    });
}

async function layOutSteps(db: SystemDb, organizationId: string, taskId: string, attempt: number, steps: readonly string[]): Promise<void> {
  await db
    .updateTable("taskSteps")
    .set({
      status: "failed",
      finishedAt: sql<Date>`now()`,
      detail: sql<string>`coalesce(detail || ' ', '') || 'The worker was lost; another one took over.'`,
    })
    .where("organizationId", "=", organizationId)
    .where("taskId", "=", taskId)
    .where("status", "=", "running")
    .execute();
  if (steps.length === 0) return;
  await db
    .insertInto("taskSteps")
    .values(steps.map((name, position) => ({ organizationId, taskId, attempt, position, name, status: "pending" })))
    .execute();
}

/** Rows of this lease: no row means it was lost. */
const held = (lease: TaskLease) => sql<boolean>`t.id = ${lease.taskId} and t.lease_owner = ${lease.owner}
  and t.lease_epoch = ${lease.epoch} and t.status = 'running'`;

export type BeatOutcome = "held" | "cancel_requested" | "lost";

/** Gives a sign of life, and learns whether the work is still wanted. */
export async function beatTask(platform: Platform, lease: TaskLease): Promise<BeatOutcome> {
  const row = await systemDb(platform)
    .updateTable("tasks as t")
    .set({ heartbeatAt: sql<Date>`now()`, leaseExpiresAt: leaseEnd })
    .where(held(lease))
    .where(sql<boolean>`t.deadline_at + ${tidyingSeconds}::float8 * interval '1 second' > now()`)
    .returning("t.cancelRequestedAt")
    .executeTakeFirst();
  if (!row) return "lost";
  return row.cancelRequestedAt ? "cancel_requested" : "held";
}

/** Records that a step begins, unless the task is to be cancelled; gives a sign of life along with it. */
export async function beginStep(platform: Platform, lease: TaskLease, attempt: number, position: number): Promise<BeatOutcome> {
  const { rows } = await sql<{ cancelRequestedAt: Date | null }>`
    with beat as (
      update tasks t set heartbeat_at = now(), lease_expires_at = ${leaseEnd} where ${held(lease)} returning t.organization_id, t.cancel_requested_at),
    begun as (
      update task_steps s set status = 'running', started_at = now() from beat
      where s.organization_id = beat.organization_id and s.task_id = ${lease.taskId} and s.attempt = ${attempt} and s.position = ${position}
        and beat.cancel_requested_at is null)
    select cancel_requested_at from beat`.execute(systemDb(platform));
  const row = rows[0];
  if (!row) return "lost";
  return row.cancelRequestedAt ? "cancel_requested" : "held";
}

export type StepEnd = "succeeded" | "failed" | "cancelled";

/** Records how a step ended. False when the lease was lost. */
export async function endStep(
  platform: Platform,
  lease: TaskLease,
  attempt: number,
  position: number,
  status: StepEnd,
  detail: string | null,
): Promise<boolean> {
  const { rows } = await sql`
    update task_steps s set status = ${status}, detail = ${detail}, finished_at = now() from tasks t
    where ${held(lease)} and s.organization_id = t.organization_id and s.task_id = t.id and s.attempt = ${attempt} and s.position = ${position}
    returning 1`.execute(systemDb(platform));
  return rows.length > 0;
}

/** Positions of the steps that any attempt of the task has begun. */
export async function begunSteps(platform: Platform, lease: TaskLease): Promise<number[]> {
  const rows = await systemDb(platform)
    .selectFrom("taskSteps")
    .select("position")
    .distinct()
    .where("organizationId", "=", lease.organizationId)
    .where("taskId", "=", lease.taskId)
    .where("startedAt", "is not", null)
    .execute();
  return rows.map(({ position }) => position);
}

/** Lets another worker go on at once; a heartbeat still under way no longer counts. False when the lease was lost already. */
export async function handBackTask(platform: Platform, lease: TaskLease, attempt: number, why: string): Promise<boolean> {
  const { rows } = await sql`
    with given as (update tasks t set lease_expires_at = now(), lease_owner = null where ${held(lease)} returning t.organization_id, t.id),
    steps as (
      update task_steps s set status = 'cancelled', finished_at = now(), detail = ${why} from given
      where s.organization_id = given.organization_id and s.task_id = given.id and s.attempt = ${attempt} and s.status = 'running')
    select 1 from given`.execute(systemDb(platform));
  return rows.length > 0;
}
