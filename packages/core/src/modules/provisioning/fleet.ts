import type { PreflightCheck } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { workerAliveMs } from "./fleet-policy.ts";

/** The template and the living workers, as `judgeFleet` takes them. */
export function selectFleet(template: string) {
  return {
    templates: statements.selectFrom("templates").select("enabled").where("id", "=", template),
    workers: statements
      .selectFrom("workers")
      .select(["driver", "templates", "capacity", "instances"])
      .where("heartbeatAt", ">", sql<Date>`now() - ${workerAliveMs}::float8 * interval '1 millisecond'`),
  };
}

/** The operator's network of this slug; no row without one. */
export function selectNetwork(slug: string | undefined) {
  return statements
    .selectFrom("networks")
    .select(["slug", "family", "chainId", "sealedRpcUrls", "enabled"])
    .where("slug", "=", slug ?? "");
}

/** How long a good answer of the fleet is good for, in milliseconds: a third of a worker's pause between signs of life. */
const goodMs = 1_000;

/** By platform, since a process may hold several in tests, and template. The number of templates bounds it. */
const known = new WeakMap<object, Map<string, { until: number; checks: readonly PreflightCheck[] }>>();

/** What the fleet said of the template a moment ago, if all was well: a burst of creations asks it once. */
export function knownFleet(platform: object, template: string): readonly PreflightCheck[] | null {
  const kept = known.get(platform)?.get(template);
  return kept && kept.until > Date.now() ? kept.checks : null;
}

/** Keeps a good answer; a bad one is asked for again, so that what was mended works at once. */
export function rememberFleet(platform: object, template: string, checks: readonly PreflightCheck[]): void {
  if (checks.some(({ status }) => status === "fail")) return;
  const kept = known.get(platform) ?? new Map<string, { until: number; checks: readonly PreflightCheck[] }>();
  kept.set(template, { until: Date.now() + goodMs, checks });
  known.set(platform, kept);
}
