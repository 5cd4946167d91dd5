import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { workerAliveMs } from "../fleet-policy.ts";

export interface PlatformStatus {
  workersAlive: number;
  queuedTasks: number;
  runningTasks: number;
  oldestQueuedSeconds: number | null;
}

/** How the whole platform stands: for readiness, metrics and `obelisk status`. */
export async function platformStatus(platform: Platform): Promise<PlatformStatus> {
  return systemDb(platform)
    .selectFrom("tasks")
    .select([
      sql<number>`(select count(*) from workers where heartbeat_at > now() - ${workerAliveMs}::float8 * interval '1 millisecond')::int`.as(
        "workersAlive",
      ),
      sql<number>`(count(*) filter (where status = 'queued'))::int`.as("queuedTasks"),
      sql<number>`(count(*) filter (where status = 'running'))::int`.as("runningTasks"),
      sql<number | null>`extract(epoch from now() - min(created_at) filter (where status = 'queued'))::float8`.as("oldestQueuedSeconds"),
    ])
    .where(sql<boolean>`status in ('queued', 'running')`)
    .executeTakeFirstOrThrow();
}
