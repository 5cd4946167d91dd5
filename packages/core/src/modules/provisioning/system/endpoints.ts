import type { DeploymentStatus } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { sealedFor } from "../sealing.ts";

export interface ResolvedEndpoint {
  organizationId: string;
  deploymentId: string;
  visibility: "private" | "public";
  status: DeploymentStatus;
  /** Where the program answers (`host:port`) and the bearer token it asks for; null while none answers. */
  instance: { address: string; token: string } | null;
}

/** Who serves `/d/{slug}`; null where no deployment has the slug. Whether the caller may see it is the caller's to decide. */
export async function resolveEndpoint(platform: Platform, slug: string): Promise<ResolvedEndpoint | null> {
  const row = await systemDb(platform)
    .selectFrom("deployments as d")
    .leftJoin("instances as i", (join) =>
      join.onRef("i.deploymentId", "=", "d.id").on("i.state", "=", "ready").on("i.leaseExpiresAt", ">", sql<Date>`now()`),
    )
    .select(["d.organizationId", "d.id", "d.visibility", "d.status", "i.address", "i.sealedToken"])
    .where("d.slug", "=", slug)
    .executeTakeFirst();
  if (!row) return null;
  const serving = row.status === "running" || row.status === "degraded" || row.status === "provisioning";
  const token = serving && row.address && row.sealedToken ? platform.secrets.open(row.sealedToken, sealedFor.instanceToken(row.id)) : null;
  return {
    organizationId: row.organizationId,
    deploymentId: row.id,
    visibility: row.visibility as ResolvedEndpoint["visibility"],
    status: row.status as DeploymentStatus,
    instance: token && row.address ? { address: row.address, token } : null,
  };
}
