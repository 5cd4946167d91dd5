import { systemDb } from "../../../db/system-db.ts";
import type { Platform } from "../../../kernel/context.ts";
import { ObeliskError } from "../../../kernel/errors.ts";
import { newDatabasePassword, type RuntimeDatabase, schemaName } from "../runtime-schema.ts";
import { sealedFor } from "../sealing.ts";
import { openRpcUrls, openSpecification, type Specification } from "../specification.ts";
import type { Charge } from "../supervision/program.ts";
import type { TaskLease } from "./task-leases.ts";

/** The specification a deployment was made with. */
export async function readSpecification(
  platform: Platform,
  deploymentId: string,
): Promise<{ template: string; specification: Specification }> {
  const row = await systemDb(platform)
    .selectFrom("deployments")
    .select(["template", "sealedSpec"])
    .where("id", "=", deploymentId)
    .executeTakeFirstOrThrow();
  return { template: row.template, specification: openSpecification(platform.secrets, deploymentId, row.sealedSpec) };
}

/**
 * The password of the runtime's database role: the one kept, or a new one that is kept first, so that a second try finds the same.
 * Null when the task was lost.
 */
export async function keepDatabasePassword(platform: Platform, lease: TaskLease): Promise<string | null> {
  const { secrets } = platform;
  const row = await systemDb(platform)
    .updateTable("deployments as d")
    .from("tasks as t")
    .set((value) => ({
      sealedDatabasePassword: value.fn.coalesce(
        "d.sealedDatabasePassword",
        value.val(secrets.seal(newDatabasePassword(), sealedFor.databasePassword(lease.deploymentId))),
      ),
    }))
    .whereRef("d.id", "=", "t.deploymentId")
    .where("t.id", "=", lease.taskId)
    .where("t.leaseOwner", "=", lease.owner)
    .where("t.leaseEpoch", "=", lease.epoch)
    .where("t.status", "=", "running")
    .returning("d.sealedDatabasePassword")
    .executeTakeFirst();
  return row?.sealedDatabasePassword ? secrets.open(row.sealedDatabasePassword, sealedFor.databasePassword(lease.deploymentId)) : null;
}

/**
 * Everything a deployment's program is started with, read at each start: a network's URLs are those the operator has set now.
 * @throws ObeliskError `unavailable` when its database was never prepared or its network is gone.
 */
export async function readCharge(platform: Platform, runtimes: RuntimeDatabase, deploymentId: string): Promise<Charge> {
  const row = await systemDb(platform)
    .selectFrom("deployments as d")
    .innerJoin("templates as t", "t.id", "d.template")
    .select(["d.template", "d.sealedSpec", "d.sealedDatabasePassword", "t.memoryBytes", "t.cpuCores"])
    .where("d.id", "=", deploymentId)
    .executeTakeFirstOrThrow();
  const { secrets, settings } = platform;
  if (!row.sealedDatabasePassword) throw new ObeliskError("unavailable", "The deployment's database was never prepared. Redeploy it.");
  const specification = openSpecification(secrets, deploymentId, row.sealedSpec);
  const password = secrets.open(row.sealedDatabasePassword, sealedFor.databasePassword(deploymentId));
  return {
    template: row.template,
    database: { url: runtimes.runtimeUrl(deploymentId, password), schema: schemaName(deploymentId) },
    config: {
      chainId: specification.chainId,
      rpcUrls: await rpcUrlsOf(platform, specification),
      allowPrivateTargets: specification.network !== null || settings.allowPrivateTargets,
      contracts: specification.contracts,
      maxStorageBytes: settings.limits.storageBytes,
    },
    limits: { memoryBytes: row.memoryBytes, cpuCores: row.cpuCores },
  };
}

async function rpcUrlsOf(platform: Platform, specification: Specification): Promise<string[]> {
  if (specification.network === null) return specification.rpcUrls;
  const network = await systemDb(platform)
    .selectFrom("networks")
    .select(["slug", "sealedRpcUrls"])
    .where("slug", "=", specification.network)
    .executeTakeFirst();
  if (!network)
    throw new ObeliskError(
      "unavailable",
      `The network ${specification.network} is no longer configured. Ask the operator to configure it.`,
    );
  return openRpcUrls(platform.secrets, network.slug, network.sealedRpcUrls);
}
