import type { Platform } from "../../kernel/context.ts";
import { every } from "../../kernel/every.ts";
import type { Logger } from "../../kernel/logger.ts";
import type { Supervisor } from "./supervision/supervisor.ts";
import { resealStale } from "./system/reseal.ts";
import { sweepTelemetry, trimLogs } from "./system/upkeep.ts";

/** Work that is due every minute, and that several workers may do at the same time. */
export type Sweep = (platform: Platform) => Promise<unknown>;

const everyMs = 60_000;

export interface SweepsParts {
  platform: Platform;
  supervisor: Pick<Supervisor, "deployments">;
  logger: Logger;
  /** Those of other modules. */
  others: readonly Sweep[];
}

/**
 * Removes what is past its time and seals again what an older key sealed, now and every minute. Beside the reconciler, which nothing of this may
 * keep waiting; each sweep for itself, so that one that fails stands in no other's way. Every worker does it.
 * @returns what ends it: begins no further sweep, and waits for the one under way
 */
export function openSweeps({ platform, supervisor, logger, others }: SweepsParts): () => Promise<void> {
  let open = true;
  const trim: Sweep = async () => {
    for (const deploymentId of supervisor.deployments()) if (open) await trimLogs(platform, deploymentId);
  };
  const reseal: Sweep = async () => {
    const values = await resealStale(platform);
    if (values > 0) logger.info({ values }, "sealed again with the newest encryption key what an older one had sealed");
  };
  const failed = (error: unknown) => logger.warn({ err: error }, "a sweep failed");
  const pass = async () => {
    for (const sweep of [sweepTelemetry, trim, ...others, reseal]) if (open) await sweep(platform).catch(failed);
  };
  const stop = every(everyMs, pass, failed, { atOnce: true });
  return () => {
    open = false;
    return stop();
  };
}
