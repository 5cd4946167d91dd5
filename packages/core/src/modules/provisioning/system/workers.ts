import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";

export interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  version: string;
  driver: string;
  templates: readonly string[];
  capacity: number;
  instances: number;
  /** Deployments it couldn't run a moment ago, and leaves to others for now. */
  unable: readonly string[];
}

/** A worker's sign of life, with what it can run and how full it is. */
export async function beatWorker(platform: Platform, worker: WorkerRow): Promise<void> {
  const { id, ...state } = worker;
  const row = { ...state, templates: [...worker.templates], unable: [...worker.unable] };
  await systemDb(platform)
    .insertInto("workers")
    .values({ id, ...row })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ ...row, heartbeatAt: sql<Date>`now()` }))
    .execute();
}

/** Signs a worker off. */
export async function removeWorker(platform: Platform, id: string): Promise<void> {
  await systemDb(platform).deleteFrom("workers").where("id", "=", id).execute();
}
