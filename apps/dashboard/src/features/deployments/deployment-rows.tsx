import type { ListedDeployment } from "@obelisk/schemas/deployments";
import { Link } from "@tanstack/react-router";
import { Id } from "../../ui/copy.tsx";
import { Row, Td, Th } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { lagWords } from "./lag.ts";
import { useStaleHealth } from "./stale-health.ts";
import { StatusBadge } from "./status.tsx";

export const deploymentColumns = (
  <>
    <Th>Name</Th>
    <Th>Status</Th>
    <Th title="Blocks between the chain's head and the last one read">Lag</Th>
    <Th className="max-sm:hidden">Network</Th>
    <Th className="text-right max-sm:hidden">Created</Th>
  </>
);

export function DeploymentRows({ deployments }: { deployments: readonly ListedDeployment[] }) {
  return deployments.map((deployment) => <DeploymentRow key={deployment.id} deployment={deployment} />);
}

function DeploymentRow({ deployment }: { deployment: ListedDeployment }) {
  const stale = useStaleHealth(deployment);
  return (
    <Row>
      <Td className="min-w-36 sm:min-w-44">
        <Link
          to="/dashboard/organization/indexer-lab/$id"
          params={{ id: deployment.id }}
          className="block font-medium underline-offset-4 hover:underline"
        >
          {deployment.name}
        </Link>
        <Id id={deployment.id} what="deployment id" />
      </Td>
      <Td>
        <StatusBadge deployment={deployment} stale={stale} />
      </Td>
      <Td className="whitespace-nowrap tabular-nums">{lagWords(deployment, stale)}</Td>
      <Td className="whitespace-nowrap text-soft max-sm:hidden">{networkWords(deployment)}</Td>
      <Td className="text-right text-soft max-sm:hidden">
        <Time at={deployment.createdAt} />
      </Td>
    </Row>
  );
}

/** The network's name, or the RPC host where the deployment brings its own. */
export function networkWords({ config }: Pick<ListedDeployment, "config">): string {
  if (config.network) return config.network;
  return config.rpcUrl ? config.rpcUrl.replace(/^https?:\/\//, "").replace(/\/$/, "") : `chain ${config.chainId}`;
}
