import type { Task } from "@obelisk/schemas/deployments";
import type { AuditRecord } from "../../kernel/audit-chain.ts";

/** How the audit log names a task: by what it does to which deployment. `deploymentId` is what a filter by that deployment finds it by. */
export function taskTarget(
  { id, action, deploymentId }: Pick<Task, "id" | "action" | "deploymentId">,
  deploymentName: string,
): { target: AuditRecord["target"]; data: { deploymentId: string; action: string } } {
  return { target: { type: "task", id, label: `${action} ${deploymentName}` }, data: { deploymentId, action } };
}
