import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import type { InstanceLease } from "./instance-leases.ts";

export interface LogEntry {
  at: Date;
  stream: "stdout" | "stderr" | "system";
  level: "debug" | "info" | "warn" | "error";
  message: string;
}

/** Keeps lines of a program; none when the lease was lost. */
export async function recordLogs(platform: Platform, lease: InstanceLease, lines: readonly LogEntry[]): Promise<void> {
  await sql`
    insert into runtime_logs (organization_id, deployment_id, at, stream, level, message)
    select i.organization_id, i.deployment_id, line.at, line.stream, line.level, line.message
    from instances i, unnest(${lines.map((line) => line.at)}::timestamptz[], ${lines.map((line) => line.stream)}::text[],
      ${lines.map((line) => line.level)}::text[], ${lines.map((line) => line.message)}::text[]) with ordinality as line (at, stream, level, message, position)
    where i.deployment_id = ${lease.deploymentId} and i.worker_id = ${lease.workerId} and i.epoch = ${lease.epoch}
    order by line.position`.execute(systemDb(platform));
}

export interface UseSample {
  lease: InstanceLease;
  cpu: number | null;
  memoryBytes: number;
  syncedBlock: number | null;
  headBlock: number | null;
  lagBlocks: number | null;
}

/**
 * Records what a worker's programs use, in one statement.
 * @param keep Whether it also becomes a point of the health history.
 */
export async function recordUse(platform: Platform, workerId: string, samples: readonly UseSample[], keep: boolean): Promise<void> {
  const column = <Value>(pick: (sample: UseSample) => Value) => samples.map(pick);
  await sql`
    with seen as (
      select * from unnest(${column((s) => s.lease.deploymentId)}::text[], ${column((s) => s.lease.epoch)}::bigint[], ${column((s) => s.cpu)}::real[],
        ${column((s) => s.memoryBytes)}::bigint[], ${column((s) => s.syncedBlock)}::bigint[], ${column((s) => s.headBlock)}::bigint[],
        ${column((s) => s.lagBlocks)}::bigint[]) as seen (deployment_id, epoch, cpu, memory_bytes, synced_block, head_block, lag_blocks)),
    mine as (
      update instances i set cpu = seen.cpu, memory_bytes = seen.memory_bytes from seen
      where i.deployment_id = seen.deployment_id and i.epoch = seen.epoch and i.worker_id = ${workerId}
      returning i.organization_id, i.deployment_id, seen.synced_block, seen.head_block, seen.lag_blocks, seen.cpu, seen.memory_bytes)
    insert into health_samples (organization_id, deployment_id, at, synced_block, head_block, lag_blocks, cpu, memory_bytes)
    select organization_id, deployment_id, now(), synced_block, head_block, lag_blocks, cpu, memory_bytes from mine where ${keep}::boolean
    on conflict do nothing`.execute(systemDb(platform));
}
