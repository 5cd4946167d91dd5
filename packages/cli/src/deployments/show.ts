import type { Deployment, Health, ListedDeployment } from "@obelisk/schemas/deployments";
import { isHealthStale } from "@obelisk/schemas/health-age";
import { ago, table } from "../output.ts";
import { stepLine } from "./follow.ts";

/** The list's columns. */
export function deploymentTable(deployments: readonly ListedDeployment[], now: Date): string {
  return table(deployments, [
    { header: "id", value: (row) => row.id },
    { header: "name", value: (row) => row.name },
    { header: "status", value: (row) => row.status },
    { header: "lag", value: (row) => row.health?.lagBlocks, align: "right" },
    { header: "synced", value: (row) => row.health?.syncedBlock, align: "right" },
    { header: "checked", value: (row) => row.health && ago(row.health.checkedAt, now) },
    { header: "network", value: (row) => row.config.network ?? row.config.rpcUrl },
    { header: "created", value: (row) => ago(row.createdAt, now) },
  ]);
}

/** Everything of one deployment, label by label. */
export function describeDeployment(deployment: Deployment, now: Date): string {
  const { health, currentTask, failure } = deployment;
  const facts: [string, string | null][] = [
    ["id", deployment.id],
    ["name", deployment.name],
    ["kind", `${deployment.kind} (${deployment.template})`],
    [
      "status",
      deployment.status === deployment.desiredState ? deployment.status : `${deployment.status}, on its way to ${deployment.desiredState}`,
    ],
    ["failure", failure && `${failure.code}: ${failure.message}`],
    ["visibility", deployment.visibility],
    ["network", `${deployment.config.network ?? deployment.config.rpcUrl ?? "–"} (chain ${deployment.config.chainId})`],
    ...deployment.config.contracts.map((contract): [string, string] => [
      "contract",
      `${contract.address} from block ${contract.startBlock}: ${contract.events.join(", ")}`,
    ]),
    ["health", health && healthWords(health, now)],
    ["synced", health && `block ${health.syncedBlock ?? "–"} of ${health.headBlock ?? "–"}, ${health.lagBlocks ?? "–"} behind`],
    ...Object.entries(deployment.endpoints).map(([name, url]): [string, string] => [name, url]),
    ["created", deployment.createdAt],
    ["updated", deployment.updatedAt],
    ["task", currentTask && `${currentTask.action} ${currentTask.id}: ${currentTask.status}, attempt ${currentTask.attempt}`],
  ];
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== null);
  const width = Math.max(...shown.map(([label]) => label.length));
  const lines = shown.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
  return [...lines, ...(currentTask?.steps ?? []).map((step) => `  ${stepLine(step)}`)].join("\n");
}

/** `healthy, checked 4 s ago`; where nobody looked lately, no claim about now. */
function healthWords(health: Health, now: Date): string {
  const age = ago(health.checkedAt, now);
  if (isHealthStale(health, now.getTime())) return `not known: last checked ${age}, ${health.status} then`;
  return `${health.status}${health.message ? `: ${health.message}` : ""}, checked ${age}`;
}
