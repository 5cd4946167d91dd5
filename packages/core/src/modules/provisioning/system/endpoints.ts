import type { DeploymentStatus } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { ObeliskError } from "../../../kernel/errors.ts";
import { UnreadableSecret } from "../../../kernel/secrets.ts";
import { sealedFor } from "../sealing.ts";

export interface ResolvedEndpoint {
  organizationId: string;
  deploymentId: string;
  visibility: "private" | "public";
  status: DeploymentStatus;
  /** Where the program answers; null while none does. */
  instance: EndpointInstance | null;
}

export interface EndpointInstance {
  /** `host:port` */
  address: string;
  /**
   * The bearer token that it asks for. Opened only here, so that whoever may not see the endpoint learns nothing of a token that can't be.
   * @throws ObeliskError `unavailable`
   */
  token(): string;
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
  const { id, address, sealedToken } = row;
  return {
    organizationId: row.organizationId,
    deploymentId: id,
    visibility: row.visibility as ResolvedEndpoint["visibility"],
    status: row.status as DeploymentStatus,
    instance: serving && address && sealedToken ? { address, token: () => openToken(platform, id, sealedToken) } : null,
  };
}

function openToken({ secrets, logger }: Platform, deploymentId: string, sealed: string): string {
  try {
    return secrets.open(sealed, sealedFor.instanceToken(deploymentId));
  } catch (error) {
    if (!(error instanceof UnreadableSecret)) throw error;
    logger.error({ err: error, deploymentId }, "could not open the token of a deployment's program");
    throw new ObeliskError("unavailable", "This deployment can't be reached from here. The operator finds the cause in the log.");
  }
}
