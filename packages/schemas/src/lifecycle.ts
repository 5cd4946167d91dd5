import type { DeploymentStatus, DesiredState, TaskAction } from "./deployments.ts";

/** What a person or a key may ask of a deployment that exists. */
export type LifecycleAction = Exclude<TaskAction, "provision">;

/** Statuses from which each action may be asked for. */
const askableFrom: Record<LifecycleAction, readonly DeploymentStatus[]> = {
  suspend: ["running", "degraded"],
  resume: ["suspended"],
  redeploy: ["running", "degraded", "failed"],
  deprovision: ["running", "degraded", "suspended", "failed"],
};

const pastOf: Record<LifecycleAction, string> = {
  suspend: "suspended",
  resume: "resumed",
  redeploy: "redeployed",
  deprovision: "deprovisioned",
};

const statusesUnderTask: readonly DeploymentStatus[] = ["queued", "provisioning", "suspending", "deprovisioning"];

/** Where a deployment stands: what it is, and what it should be. */
export interface Standing {
  status: DeploymentStatus;
  desiredState: DesiredState;
}

/** Whether something may be asked for; if not, what stands in the way and what is possible. */
export type Verdict = { allowed: true } | { allowed: false; reason: string };

/**
 * Whether an action may be asked for now. The server decides by it, and the dashboard offers by it.
 * @param hasActiveTask A task of the deployment is queued or running.
 */
export function mayAsk(action: LifecycleAction, { status, desiredState }: Standing, hasActiveTask: boolean): Verdict {
  if (status === "deprovisioned") return { allowed: false, reason: "The deployment is deprovisioned: create a new one." };
  if (hasActiveTask || statusesUnderTask.includes(status))
    return { allowed: false, reason: `The deployment is ${status}: wait for its task to end, or cancel it first.` };
  if (desiredState === "deprovisioned" && action !== "deprovision")
    return { allowed: false, reason: "The deployment is partly deprovisioned: its data may be gone. Deprovision it again." };
  if (!askableFrom[action].includes(status))
    return { allowed: false, reason: `A deployment that is ${status} can't be ${pastOf[action]}. ${wayOut(status)}` };
  return { allowed: true };
}

function wayOut(status: DeploymentStatus): string {
  const possible = (Object.keys(askableFrom) as LifecycleAction[]).filter((action) => askableFrom[action].includes(status));
  return possible.length > 0 ? `Possible now: ${possible.join(", ")}.` : "Nothing can be done to it.";
}
