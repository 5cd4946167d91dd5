import type { ListedDeployment } from "@obelisk/schemas/deployments";
import { count, plural } from "../../ui/format.ts";

/**
 * The block a deployment waits for: its first start block, where the chain hasn't reached any of them and so nothing is read. Null where it
 * waits for none.
 */
export function awaitedBlock({ health, config }: Pick<ListedDeployment, "health" | "config">): number | null {
  if (!health || health.syncedBlock !== null || health.headBlock === null) return null;
  const first = Math.min(...config.contracts.map(({ startBlock }) => startBlock));
  return first > health.headBlock ? first : null;
}

/**
 * How far a deployment is behind its chain, in words; a dash where nothing runs, where it is long since anybody looked, and where
 * a program that isn't well last knew of nothing to read: it may not see the chain.
 */
export function lagWords(deployment: Pick<ListedDeployment, "health" | "desiredState" | "config">, stale: boolean): string {
  const health = deployment.health;
  if (!health || stale || deployment.desiredState !== "running") return "–";
  const awaited = awaitedBlock(deployment);
  if (awaited !== null) return `Waits for block ${count(awaited)}`;
  if (health.lagBlocks === null) return "–";
  if (health.lagBlocks === 0) return health.status === "healthy" ? "In step" : "–";
  return `${plural(health.lagBlocks, "block")} behind`;
}

/** `1,204 of 1,204`; what is known of how far it has read. */
export function syncWords(deployment: Pick<ListedDeployment, "health">): string {
  const { syncedBlock, headBlock } = deployment.health ?? { syncedBlock: null, headBlock: null };
  if (syncedBlock === null) return "–";
  return headBlock === null ? count(syncedBlock) : `${count(syncedBlock)} of ${count(headBlock)}`;
}
