import type { TaskAction } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { workerAliveMs } from "../fleet-policy.ts";

export interface OfferedTask {
  organizationId: string;
  deploymentId: string;
  action: TaskAction;
  overdue: boolean;
  /** Whether another living worker could run the deployment's program: it has a place left, or runs it already. */
  roomElsewhere: boolean;
  /** Whether tasks of other organizations are queued. */
  othersWait: boolean;
}

/** What there is to know of a task before it is claimed; null for one that has ended. */
export async function readOffer(platform: Platform, taskId: string, workerId: string): Promise<OfferedTask | null> {
  const { rows } = await sql<OfferedTask>`
    select t.organization_id, t.deployment_id, t.action, t.deadline_at <= now() as overdue,
      exists (
        select from workers w
        where w.id <> ${workerId} and w.heartbeat_at > now() - ${workerAliveMs}::float8 * interval '1 millisecond'
          and d.template = any(w.templates)
          and (w.instances < w.capacity or exists (
            select from instances i where i.deployment_id = d.id and i.worker_id = w.id and i.lease_expires_at > now()))
      ) as room_elsewhere,
      exists (select from tasks o where o.status = 'queued' and o.organization_id <> t.organization_id) as others_wait
    from tasks t join deployments d on d.organization_id = t.organization_id and d.id = t.deployment_id
    where t.id = ${taskId} and t.status in ('queued', 'running')`.execute(systemDb(platform));
  return rows[0] ?? null;
}
