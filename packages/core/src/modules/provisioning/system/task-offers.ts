import type { TaskAction } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { workerAliveMs } from "../fleet-policy.ts";

export interface OfferedTask {
  organizationId: string;
  deploymentId: string;
  template: string;
  action: TaskAction;
  overdue: boolean;
  /** Whether another living worker has the deployment's program. */
  programElsewhere: boolean;
  /** Whether one of those has a place for it: one that is left, or the one it has already. */
  roomElsewhere: boolean;
  /** Whether one of those hasn't just found that it can't run it. */
  ableElsewhere: boolean;
  /** Whether tasks of other organizations are queued. */
  othersWait: boolean;
}

/** What there is to know of a task before it is claimed; null for one that has ended. */
export async function readOffer(platform: Platform, taskId: string, workerId: string): Promise<OfferedTask | null> {
  const { rows } = await sql<OfferedTask>`
    with others as (
      select d.id = any(w.unable) as unable, w.instances < w.capacity or exists (
        select from instances i where i.deployment_id = d.id and i.worker_id = w.id and i.lease_expires_at > now()) as has_room
      from tasks t join deployments d on d.organization_id = t.organization_id and d.id = t.deployment_id join workers w on d.template = any(w.templates)
      where t.id = ${taskId} and w.id <> ${workerId} and w.heartbeat_at > now() - ${workerAliveMs}::float8 * interval '1 millisecond')
    select t.organization_id, t.deployment_id, d.template, t.action, t.deadline_at <= now() as overdue,
      exists (select from others) as program_elsewhere,
      exists (select from others o where o.has_room) as room_elsewhere,
      exists (select from others o where o.has_room and not o.unable) as able_elsewhere,
      exists (select from tasks o where o.status = 'queued' and o.organization_id <> t.organization_id) as others_wait
    from tasks t join deployments d on d.organization_id = t.organization_id and d.id = t.deployment_id
    where t.id = ${taskId} and t.status in ('queued', 'running')`.execute(systemDb(platform));
  return rows[0] ?? null;
}
