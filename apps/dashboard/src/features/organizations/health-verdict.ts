import type { DeploymentStatus } from "@obelisk/schemas/deployments";
import type { Tone } from "../../ui/badge.tsx";
import { plural } from "../../ui/format.ts";

/**
 * What an organization's deployments come to, in a sentence. Pure.
 * @param unchecked How many of those that run nobody has looked at lately.
 */
export function healthVerdict(counts: Record<DeploymentStatus, number>, unchecked: number): { tone: Tone; text: string } {
  if (counts.failed > 0)
    return { tone: "bad", text: plural(counts.failed, "deployment failed and needs a look", "deployments failed and need a look") };
  if (counts.degraded > 0) return { tone: "warn", text: `${plural(counts.degraded, "deployment")} degraded` };
  if (unchecked > 0) {
    const unknown = unchecked === 1 ? "how it is now isn't known" : "how they are now isn't known";
    return { tone: "warn", text: `${plural(unchecked, "deployment")} not checked lately: ${unknown}` };
  }
  if (counts.running === 0) return { tone: "idle", text: "Nothing is running" };
  return { tone: "ok", text: "Everything that runs is healthy" };
}
