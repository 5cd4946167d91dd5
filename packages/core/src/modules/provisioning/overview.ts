import { type DeploymentStatus, deploymentStatuses, type ListedDeployment } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { workerAliveMs } from "./fleet-policy.ts";
import { listedFrom, selectListed } from "./read-model.ts";

export interface OrganizationOverview {
  deployments: Record<DeploymentStatus, number>;
  /** When each of those that are running was last checked, as far as they were: whoever looks counts those checks that are from before. */
  checkedAt: string[];
  /** The organization's own tasks. */
  queue: { queued: number; running: number; oldestQueuedSeconds: number | null };
  workers: { alive: number };
  recentDeployments: ListedDeployment[];
}

/** What the organization's home shows, as one snapshot. */
export async function organizationOverview(ctx: OrganizationContext): Promise<OrganizationOverview> {
  const { counts, queue, workers, recent } = await readAuthorized(ctx, "organization.read", {
    counts: statements
      .selectFrom("deployments")
      .select([
        "status",
        sql<number>`count(*)::int`.as("count"),
        sql<string[] | null>`array_agg(health->>'checkedAt') filter (where status = 'running' and health is not null)`.as("checkedAt"),
      ])
      .where("organizationId", "=", ctx.organizationId)
      .groupBy("status"),
    queue: statements
      .selectFrom("tasks")
      .select([
        sql<number>`(count(*) filter (where status = 'queued'))::int`.as("queued"),
        sql<number>`(count(*) filter (where status = 'running'))::int`.as("running"),
        sql<number | null>`extract(epoch from now() - min(created_at) filter (where status = 'queued'))::float8`.as("oldestQueuedSeconds"),
      ])
      .where("organizationId", "=", ctx.organizationId)
      .where(sql<boolean>`status in ('queued', 'running')`),
    workers: statements
      .selectFrom("workers")
      .select(sql<number>`count(*)::int`.as("alive"))
      .where("heartbeatAt", ">", sql<Date>`now() - ${workerAliveMs}::float8 * interval '1 millisecond'`),
    recent: selectListed(ctx.organizationId).where("d.status", "!=", "deprovisioned").orderBy("d.id", "desc").limit(5),
  });
  const deployments = Object.fromEntries(deploymentStatuses.map((status) => [status, 0])) as Record<DeploymentStatus, number>;
  for (const { status, count } of counts) deployments[status as DeploymentStatus] = count;
  return {
    deployments,
    checkedAt: counts.flatMap(({ checkedAt }) => checkedAt ?? []),
    queue: queue[0] ?? { queued: 0, running: 0, oldestQueuedSeconds: null },
    workers: { alive: workers[0]?.alive ?? 0 },
    recentDeployments: recent.map((row) => listedFrom(row, ctx.platform.settings.baseUrl)),
  };
}
