import type { PreflightCheck } from "@obelisk/schemas/deployments";
import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import { BoundedMap } from "../../kernel/bounded-map.ts";
import type { OrganizationContext, Platform } from "../../kernel/context.ts";
import { judgeFleet, workerAliveMs } from "./fleet-policy.ts";
import { openRpcUrls } from "./specification.ts";

/** Programs that workers have; without the one of the given deployment, which needs no place beside the one it has. */
function instancesWithout(organizationId: string, deploymentId: string | undefined) {
  if (deploymentId === undefined) return sql<number>`workers.instances`;
  return sql<number>`workers.instances - (select count(*)::int from instances i where i.organization_id = ${organizationId}
    and i.deployment_id = ${deploymentId} and i.worker_id = workers.id and i.lease_expires_at > now())`;
}

/** The template and the living workers, as `judgeFleet` takes them. */
function selectFleet(organizationId: string, template: string, deploymentId: string | undefined) {
  return {
    templates: statements.selectFrom("templates").select("enabled").where("id", "=", template),
    workers: statements
      .selectFrom("workers")
      .select(["driver", "templates", "capacity", instancesWithout(organizationId, deploymentId).as("instances")])
      .where("heartbeatAt", ">", sql<Date>`now() - ${workerAliveMs}::float8 * interval '1 millisecond'`),
  };
}

/** The operator's network of this slug; no row without one. */
function selectNetwork(slug: string) {
  return statements.selectFrom("networks").select(["family", "chainId", "sealedRpcUrls", "enabled"]).where("slug", "=", slug);
}

/** How long what was found is good for, in milliseconds: a third of a worker's pause between signs of life. */
const goodMs = 1_000;

/** A network with its URLs as they are used. One that is switched off takes no new deployment; what runs on it goes on. */
export interface UsableNetwork {
  family: string;
  chainId: number;
  rpcUrls: string[];
  enabled: boolean;
}

/** What was good a moment ago, by template and by slug. What wasn't is asked for again, so that what was mended works at once. */
interface Memory {
  fleets: BoundedMap<readonly PreflightCheck[]>;
  networks: BoundedMap<UsableNetwork>;
}

const memories = new WeakMap<Platform, Memory>();

function memoryOf(platform: Platform): Memory {
  const memory = memories.get(platform) ?? { fleets: new BoundedMap(100), networks: new BoundedMap(1_000) };
  memories.set(platform, memory);
  return memory;
}

export interface Surroundings {
  /** What the fleet says of the template. */
  checks: readonly PreflightCheck[];
  /** Null where none was asked for, and where there is none of this name. */
  network: UsableNetwork | null;
}

/**
 * What a deployment of this template on this network would find; a burst of creations asks once. Whether the actor may is checked each time.
 * @param deploymentId the one whose program is to be started again; none for a new one
 * @throws ObeliskError as `authorize` does
 * @throws UnreadableSecret where the network's URLs can't be opened
 */
export async function findSurroundings(
  ctx: OrganizationContext,
  template: string,
  slug: string | undefined,
  deploymentId: string | undefined,
): Promise<Surroundings> {
  const { platform, organizationId } = ctx;
  const { fleets, networks } = memoryOf(platform);
  const now = Date.now();
  const knownFleet = fleets.get(template, now);
  const knownNetwork = slug ? networks.get(slug, now) : undefined;
  const found = await readAuthorized(ctx, deploymentId === undefined ? "deployments.create" : "deployments.operate", {
    ...(knownFleet ? {} : selectFleet(organizationId, template, deploymentId)),
    ...(knownNetwork || !slug ? {} : { networks: selectNetwork(slug) }),
  });
  const checks = knownFleet ?? judgeFleet(template, found.templates?.[0], found.workers ?? []);
  // Room that only this deployment has is no news for others.
  if (!knownFleet && deploymentId === undefined && checks.every(({ status }) => status !== "fail"))
    fleets.set(template, checks, now + goodMs);
  const row = found.networks?.[0];
  if (knownNetwork || !slug || !row) return { checks, network: knownNetwork ?? null };
  const { family, chainId, enabled } = row;
  const network = { family, chainId, enabled, rpcUrls: openRpcUrls(platform.secrets, slug, row.sealedRpcUrls) };
  if (enabled) networks.set(slug, network, now + goodMs);
  return { checks, network };
}
