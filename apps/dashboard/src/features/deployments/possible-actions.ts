import type { Deployment, DeploymentStatus } from "@obelisk/schemas/deployments";

export type Lifecycle = "suspend" | "resume" | "redeploy" | "deprovision";

/** States from which each action can be asked for, as the server's own policy has it. */
const possibleFrom: Record<Lifecycle, { from: readonly DeploymentStatus[]; otherwise: string }> = {
  suspend: { from: ["running", "degraded"], otherwise: "Only what runs can be suspended." },
  resume: { from: ["suspended"], otherwise: "Only a suspended deployment can be resumed." },
  redeploy: { from: ["running", "degraded", "failed"], otherwise: "Resume it first: nothing runs that could be redeployed." },
  deprovision: { from: ["running", "degraded", "suspended", "failed"], otherwise: "It can be deprovisioned once its task has ended." },
};

/** Why an action makes no sense in the deployment's present state; null where it does. The server decides again. */
export function stateRefusal(deployment: Pick<Deployment, "status" | "desiredState" | "currentTask">, action: Lifecycle): string | null {
  const { status, desiredState, currentTask } = deployment;
  if (status === "deprovisioned") return "It is deprovisioned: nothing is left to act on.";
  if (currentTask) return `Its ${currentTask.action} task is under way. Wait for it, or cancel it first.`;
  if (desiredState === "deprovisioned" && action !== "deprovision") return "It is partly deprovisioned. Deprovision it again.";
  const { from, otherwise } = possibleFrom[action];
  return from.includes(status) ? null : otherwise;
}
