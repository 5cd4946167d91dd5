import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";

export interface UnheldTask {
  id: string;
  deploymentId: string;
  status: "queued" | "running";
  deadlineAt: Date;
  leaseExpiresAt: Date | null;
}

/** Tasks that nobody holds, oldest first; those just accepted are left to the job that comes with them. */
export async function unheldTasks(platform: Platform, limit: number): Promise<{ now: Date; tasks: UnheldTask[] }> {
  const rows = await systemDb(platform)
    .selectFrom("tasks")
    .select(["id", "deploymentId", "status", "deadlineAt", "leaseExpiresAt", sql<Date>`now()`.as("now")])
    .where(
      sql<boolean>`(status = 'queued' and created_at < now() - interval '5 seconds' or status = 'running' and lease_expires_at <= now())`,
    )
    .orderBy("createdAt")
    .limit(limit)
    .execute();
  return {
    now: rows[0]?.now ?? new Date(),
    tasks: rows.map(({ now: _, ...task }) => ({ ...task, status: task.status as UnheldTask["status"] })),
  };
}

/** What is kept, and how much of it a pass removes at most. */
const retention = { logDays: 7, logLines: 50_000, sampleDays: 30, deadWorkerHours: 1, batch: 5_000 };

/** Removes what is past its time, in bounded bites. @returns rows removed */
export async function sweepTelemetry(platform: Platform): Promise<number> {
  const db = systemDb(platform);
  const { batch } = retention;
  const outcomes = [
    await sql`delete from runtime_logs where ctid = any(array(
      select ctid from runtime_logs where at < now() - ${retention.logDays}::float8 * interval '1 day' order by at limit ${batch}))`.execute(
      db,
    ),
    await sql`delete from health_samples where ctid = any(array(
      select ctid from health_samples where at < now() - ${retention.sampleDays}::float8 * interval '1 day' order by at limit ${batch}))`.execute(
      db,
    ),
    await sql`delete from workers where heartbeat_at < now() - ${retention.deadWorkerHours}::float8 * interval '1 hour'`.execute(db),
  ];
  return outcomes.reduce((sum, { numAffectedRows }) => sum + Number(numAffectedRows ?? 0n), 0);
}

/** Keeps a deployment's log to its newest lines. */
export async function trimLogs(platform: Platform, deploymentId: string): Promise<void> {
  await sql`delete from runtime_logs where deployment_id = ${deploymentId} and sequence <= (
    select sequence from runtime_logs where deployment_id = ${deploymentId} order by sequence desc offset ${retention.logLines} limit 1)`.execute(
    systemDb(platform),
  );
}
