import type { Deployment } from "@obelisk/schemas/deployments";
import { isHealthStale } from "@obelisk/schemas/health-age";
import { useClock } from "../../ui/clock.ts";

/** Whether the deployment's health is from before, as seen each second. */
export function useStaleHealth({ health }: Pick<Deployment, "health">, programStartedAt?: string | null): boolean {
  return useClock((now) => isHealthStale(health, now, programStartedAt));
}
