import { Queue } from "@obelisk/queue";
import { applicationRole, createPool, roleUrl, systemRole } from "../db/client.ts";
import { bindSystemDb, createSystemDb } from "../db/system-db.ts";
import { openTenantDatabase } from "../db/tenant-transaction.ts";
import { systemClock } from "./clock.ts";
import type { Platform, PlatformSettings } from "./context.ts";
import type { Logger } from "./logger.ts";
import { Secrets } from "./secrets.ts";

export interface PlatformOptions {
  /** `obelisk server`, `obelisk worker`: what the database shows as the connection's owner. */
  name: string;
  databaseUrl: string;
  /** Newest first. */
  encryptionKeys: readonly string[];
  settings: PlatformSettings;
  logger: Logger;
  /** Whether this process works the queue or only adds to it. */
  role: "producer" | "consumer";
  connections: { application: number; system: number; queue: number };
}

/** Connects a process to the platform's parts. `close` gives back every connection. */
export async function openPlatform(options: PlatformOptions): Promise<{ platform: Platform; close(): Promise<void> }> {
  const [newestKey] = options.encryptionKeys;
  if (!newestKey) throw new Error("ENCRYPTION_KEY is missing");
  const url = (role: string) => roleUrl(options.databaseUrl, role, newestKey);
  const onError = (error: Error) => options.logger.warn({ err: error }, "lost a database connection");
  const pool = (role: string, connections: number) => createPool(url(role), { applicationName: options.name, connections, onError });
  const database = openTenantDatabase(pool(applicationRole, options.connections.application));
  const system = createSystemDb(pool(systemRole, options.connections.system));
  const queue = await Queue[options.role]({
    connectionString: url(systemRole),
    applicationName: `${options.name} queue`,
    connections: options.connections.queue,
    onError: (error) => options.logger.warn({ err: error }, "the queue reports a fault"),
  });
  const platform: Platform = {
    database,
    queue,
    clock: systemClock,
    secrets: new Secrets(options.encryptionKeys),
    logger: options.logger,
    settings: options.settings,
  };
  bindSystemDb(platform, system);
  return {
    platform,
    close: async () => {
      await queue.stop(5_000);
      await Promise.all([database.end(), system.destroy()]);
    },
  };
}
