import type { HealthSample } from "@obelisk/schemas/deployments";

/** A minute in milliseconds. */
const minute = 60_000;

/**
 * Blocks that a deployment read a minute between each sample and the one before it; null where either knows of no block, and for the first.
 * A reorganization takes blocks back: that counts as none.
 */
export function blocksAMinute(samples: readonly Pick<HealthSample, "at" | "syncedBlock">[]): (number | null)[] {
  return samples.map(({ at, syncedBlock }, index) => {
    const before = samples[index - 1];
    if (!before || syncedBlock === null || before.syncedBlock === null) return null;
    const passed = Date.parse(at) - Date.parse(before.at);
    return passed > 0 ? (Math.max(0, syncedBlock - before.syncedBlock) * minute) / passed : null;
  });
}
