import type { PreflightCheck } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { type Limit, sayFull } from "../../kernel/limit.ts";

export const deploymentLimit: Limit = {
  things: "deployments",
  remedy: "Deprovision one that is no longer needed, or ask the operator to raise ORGANIZATION_MAX_DEPLOYMENTS.",
  allowed: ({ limits }) => limits.deployments,
  count: (organizationId) =>
    statements
      .selectFrom("deployments")
      .select(sql<number>`count(*)::int`.as("used"))
      .where("organizationId", "=", organizationId)
      // Spelled out, not bound: a partial index serves only a predicate it can read.
      .where(sql<boolean>`status <> 'deprovisioned'`),
};

/** Whether there is room for one more deployment, before anything is sent. @throws ObeliskError as `authorize` does */
export async function checkDeploymentLimit(ctx: OrganizationContext): Promise<PreflightCheck> {
  const { settings } = ctx.platform;
  const { counted } = await readAuthorized(ctx, "deployments.create", { counted: deploymentLimit.count(ctx.organizationId) });
  const used = counted[0]?.used ?? 0;
  const allowed = deploymentLimit.allowed(settings);
  return used < allowed
    ? { name: "plan", status: "pass", detail: `Room for ${allowed - used} more of ${allowed} deployments.`, remedy: null }
    : { name: "plan", status: "fail", detail: sayFull(deploymentLimit, used, settings), remedy: deploymentLimit.remedy };
}
