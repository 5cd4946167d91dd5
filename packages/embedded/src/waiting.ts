import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks again until the answer is true.
 * @param within Milliseconds until it gives up.
 * @returns whether it became true in time.
 */
export async function becomesTrue(ask: () => boolean | Promise<boolean>, within: number, every = 50): Promise<boolean> {
  const end = performance.now() + within;
  for (;;) {
    if (await ask()) return true;
    if (performance.now() >= end) return false;
    await delay(every);
  }
}
