import type { Health } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { leaseEnd, type TaskLease } from "./task-leases.ts";

/** The right to run a deployment's program. Whoever takes it later carries a higher epoch. */
export interface InstanceLease {
  deploymentId: string;
  organizationId: string;
  workerId: string;
  epoch: number;
}

/**
 * Takes the instance for the task's worker and epoch, from whoever had it. With `run` false nobody runs the program any more.
 * @returns false when the task was lost meanwhile.
 */
export async function takeInstanceForTask(platform: Platform, lease: TaskLease, run: boolean): Promise<boolean> {
  const { rows } = await sql`
    with held as (
      select organization_id, deployment_id from tasks
      where id = ${lease.taskId} and lease_owner = ${lease.owner} and lease_epoch = ${lease.epoch} and status = 'running' for share)
    insert into instances as i (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state)
    select organization_id, deployment_id, ${lease.owner}, ${lease.epoch}, ${run ? leaseEnd : sql`now()`}, ${run ? "starting" : "stopped"} from held
    on conflict (deployment_id) do update set worker_id = excluded.worker_id, epoch = excluded.epoch,
      lease_expires_at = excluded.lease_expires_at, state = excluded.state, address = null, sealed_token = null, started_at = null,
      restarts = 0, cpu = null, memory_bytes = null
    where i.epoch <= excluded.epoch
    returning 1`.execute(systemDb(platform));
  return rows.length > 0;
}

/**
 * Takes charge of programs that should run and that nobody answers for, at most `limit`; raises their epochs. Several workers may ask
 * at once: each gets others. Those come first that nobody has tried for longest, so that none that can't be run keeps another waiting.
 * @param except Deployments that aren't to be tried here now.
 */
export async function takeDueInstances(
  platform: Platform,
  workerId: string,
  templates: readonly string[],
  except: readonly string[],
  limit: number,
): Promise<InstanceLease[]> {
  const { rows } = await sql<{ organizationId: string; deploymentId: string; epoch: number }>`
    with due as (
      select d.organization_id, d.id from deployments d
      where d.desired_state = 'running' and d.status in ('running', 'degraded') and d.template = any(${templates}::text[]) and d.id <> all(${except}::text[])
        and not exists (select 1 from instances i where i.deployment_id = d.id and i.lease_expires_at > now())
        and not exists (select 1 from tasks t where t.deployment_id = d.id and t.status in ('queued', 'running'))
      order by (select i.lease_expires_at from instances i where i.deployment_id = d.id) nulls first, d.id
      limit ${limit} for no key update of d skip locked),
    raised as (
      update deployments d set epoch = d.epoch + 1 from due where d.organization_id = due.organization_id and d.id = due.id
      returning d.organization_id, d.id, d.epoch)
    insert into instances as i (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state)
    select organization_id, id, ${workerId}, epoch, ${leaseEnd}, 'starting' from raised
    on conflict (deployment_id) do update set worker_id = excluded.worker_id, epoch = excluded.epoch,
      lease_expires_at = excluded.lease_expires_at, state = excluded.state, address = null, sealed_token = null, started_at = null
    where i.lease_expires_at <= now() and i.epoch < excluded.epoch
    returning i.organization_id, i.deployment_id, i.epoch`.execute(systemDb(platform));
  return rows.map((row) => ({ ...row, workerId }));
}

/** Prolongs all of a worker's leases at once, but none it has let go of meanwhile. @returns the deployments still its own */
export async function renewInstances(platform: Platform, workerId: string, leases: readonly InstanceLease[]): Promise<Set<string>> {
  const { rows } = await sql<{ deploymentId: string }>`
    update instances i set lease_expires_at = ${leaseEnd}
    from unnest(${leases.map((lease) => lease.deploymentId)}::text[], ${leases.map((lease) => lease.epoch)}::bigint[]) as mine (deployment_id, epoch)
    where i.deployment_id = mine.deployment_id and i.epoch = mine.epoch and i.worker_id = ${workerId} and i.state <> 'stopped'
    returning i.deployment_id`.execute(systemDb(platform));
  return new Set(rows.map((row) => row.deploymentId));
}

/** Rows of this lease: no row means it was lost. */
const held = (lease: InstanceLease) =>
  sql<boolean>`i.deployment_id = ${lease.deploymentId} and i.worker_id = ${lease.workerId} and i.epoch = ${lease.epoch}`;

export interface InstanceChange {
  state: "starting" | "ready" | "backing_off" | "stopped";
  address?: string | null;
  sealedToken?: string | null;
  startedAt?: Date | null;
  lastExit?: string;
  restarts?: number;
}

/** Records what became of the program. False when the lease was lost. */
export async function recordInstance(platform: Platform, lease: InstanceLease, change: InstanceChange): Promise<boolean> {
  const { numUpdatedRows } = await systemDb(platform).updateTable("instances as i").set(change).where(held(lease)).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Lets go of the program, so that another worker may run it at once. */
export async function releaseInstance(platform: Platform, lease: InstanceLease): Promise<void> {
  await systemDb(platform)
    .updateTable("instances as i")
    .set({ state: "stopped", address: null, sealedToken: null, cpu: null, memoryBytes: null, leaseExpiresAt: sql<Date>`now()` })
    .where(held(lease))
    .execute();
}

/**
 * Records how the program is, and with it whether the deployment is running or degraded; nothing while a task works on it. One that is
 * unreachable and has told no numbers under this lease keeps those it had.
 */
export async function recordHealth(platform: Platform, lease: InstanceLease, health: Health): Promise<void> {
  const status = health.status === "healthy" ? "running" : "degraded";
  const kept =
    health.status === "unreachable" && health.syncedBlock === null
      ? sql`coalesce(d.health - '{status,message,checkedAt}'::text[], '{}')`
      : sql`'{}'::jsonb`;
  await sql`
    update deployments d set health = ${JSON.stringify(health)}::jsonb || ${kept}, status = ${status},
      updated_at = case when d.status = ${status} then d.updated_at else now() end
    from instances i
    where ${held(lease)} and d.organization_id = i.organization_id and d.id = i.deployment_id and d.status in ('running', 'degraded')`.execute(
    systemDb(platform),
  );
}
