import { hostname } from "node:os";
import { join } from "node:path";
import { roleUrl, systemRole } from "@obelisk/core/db/client";
import { listenForChanges } from "@obelisk/core/kernel/changes";
import { createLogger, type Logger } from "@obelisk/core/kernel/logger";
import { openPlatform } from "@obelisk/core/kernel/platform";
import { sweepRateWindows, sweepSessions } from "@obelisk/core/modules/access";
import { sweepIdempotencyKeys } from "@obelisk/core/modules/idempotency";
import { openProvisioningWorker } from "@obelisk/core/modules/provisioning/worker";
import packageManifest from "../package.json" with { type: "json" };
import type { WorkerConfig } from "./config.ts";
import { detectConfinement } from "./drivers/process/confinement.ts";
import { ProcessDriver } from "./drivers/process/driver.ts";

export interface RunningWorker {
  id: string;
  logger: Logger;
  /** Hands tasks back, ends programs, lets go of leases; takes at most some 12 seconds. */
  stop(): Promise<void>;
}

/** Connects to the platform and works. Resolves once the queue is listened to. */
export async function startWorker(config: WorkerConfig): Promise<RunningWorker> {
  const logger = createLogger({ name: "worker", level: config.logLevel });
  const { platform, close } = await openPlatform({
    name: "obelisk worker",
    databaseUrl: config.databaseUrl,
    encryptionKeys: config.encryptionKeys,
    settings: config.settings,
    logger,
    role: "consumer",
    connections: { application: 6, system: 10, queue: 4 },
  });
  const changes = await listenForChanges({
    connectionString: roleUrl(config.databaseUrl, systemRole, config.encryptionKeys[0] ?? ""),
    applicationName: "obelisk worker changes",
    logger,
  });
  const readable = Object.values(config.programs)[0] ?? process.execPath;
  const confinement = detectConfinement({ user: config.runtimeUser, groupFolder: config.runtimeGroupFolder, readable });
  logger.info({ measures: confinement.measures }, "how programs are confined on this host");
  const driver = new ProcessDriver({
    folder: join(config.dataFolder, "runtimes"),
    programs: config.programs,
    confinement,
    listenHost: config.listenHost,
    logger,
  });
  const provisioning = await openProvisioningWorker({
    platform,
    driver,
    changes,
    logger,
    host: hostname(),
    version: packageManifest.version,
    capacity: config.capacity,
    concurrency: config.concurrency,
    sweeps: [sweepIdempotencyKeys, sweepRateWindows, sweepSessions],
  });
  return {
    id: provisioning.id,
    logger,
    async stop() {
      await provisioning.close();
      await changes.close();
      await close();
    },
  };
}
