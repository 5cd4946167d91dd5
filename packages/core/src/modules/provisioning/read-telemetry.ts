import type { DeploymentKind, HealthSample, Instance, LogLine } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { notFound } from "../../kernel/errors.ts";
import { existence } from "./read-tasks.ts";

/** Without `after` the newest lines, else those that follow it; oldest first either way. @throws ObeliskError `not_found` */
export async function readLogs(
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined; limit: number; after?: number | undefined },
): Promise<LogLine[]> {
  const lines = statements
    .selectFrom("runtimeLogs")
    .select(["sequence", "at", "stream", "level", "message"])
    .where("organizationId", "=", ctx.organizationId)
    .where("deploymentId", "=", input.id)
    .limit(input.limit);
  const { rows, found } = await readAuthorized(ctx, "deployments.read", {
    rows:
      input.after === undefined ? lines.orderBy("sequence", "desc") : lines.where("sequence", ">", input.after).orderBy("sequence", "asc"),
    found: existence(ctx.organizationId, input),
  });
  if (found.length === 0) throw notFound("deployment");
  const ordered = input.after === undefined ? rows.reverse() : rows;
  return ordered.map((row) => ({
    sequence: row.sequence,
    at: row.at.toISOString(),
    stream: row.stream as LogLine["stream"],
    level: row.level as LogLine["level"],
    message: row.message,
  }));
}

/** Points of a health history given at most; a longer one is thinned to the last point of equal spans. */
const mostSamples = 500;

/** Health and use of the last `minutes` (1–10,080), oldest first. @throws ObeliskError `not_found` */
export async function healthHistory(ctx: OrganizationContext, input: { id: string; minutes: number }): Promise<HealthSample[]> {
  const minutes = Math.min(10_080, Math.max(1, Math.floor(input.minutes)));
  const since = new Date(ctx.platform.clock.now().getTime() - minutes * 60_000);
  const spanSeconds = Math.max(1, (minutes * 60) / mostSamples);
  // A literal: bound twice it would be two parameters, and so two expressions to PostgreSQL.
  const span = sql`floor(extract(epoch from at) / ${sql.lit(spanSeconds)})`;
  const { rows, found } = await readAuthorized(ctx, "deployments.read", {
    rows: statements
      .selectFrom("healthSamples")
      .distinctOn(span)
      .select(["at", "syncedBlock", "headBlock", "lagBlocks", "cpu", "memoryBytes"])
      .where("organizationId", "=", ctx.organizationId)
      .where("deploymentId", "=", input.id)
      .where("at", ">", since)
      .orderBy(span)
      .orderBy("at", "desc")
      .limit(mostSamples + 1),
    found: existence(ctx.organizationId, input),
  });
  if (found.length === 0) throw notFound("deployment");
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** What the driver last saw of the program; null before it first started. @throws ObeliskError `not_found` */
export async function getInstance(ctx: OrganizationContext, input: { id: string }): Promise<Instance | null> {
  const { rows, found } = await readAuthorized(ctx, "deployments.read", {
    rows: statements
      .selectFrom("instances")
      .select(["state", "restarts", "startedAt", "lastExit", "cpu", "memoryBytes"])
      .where("organizationId", "=", ctx.organizationId)
      .where("deploymentId", "=", input.id),
    found: existence(ctx.organizationId, input),
  });
  if (found.length === 0) throw notFound("deployment");
  const row = rows[0];
  if (!row) return null;
  return { ...row, state: row.state as Instance["state"], startedAt: row.startedAt?.toISOString() ?? null };
}
