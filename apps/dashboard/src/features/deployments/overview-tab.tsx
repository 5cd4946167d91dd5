import type { Deployment } from "@obelisk/schemas/deployments";
import { Globe, Lock } from "lucide-react";
import { useState } from "react";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Card, Fact, Facts } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton, Id } from "../../ui/copy.tsx";
import { bytes, count, percent, shortAddress } from "../../ui/format.ts";
import { Table, Td, Th } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { useRefusal } from "../session/use-refusal.ts";
import { PathDiagram } from "./path-diagram.tsx";
import { instanceLabel } from "./status.tsx";
import { Trends } from "./trends.tsx";
import { useVisibility } from "./use-actions.ts";
import { useInstance } from "./use-instance.ts";

export function OverviewTab({ deployment }: { deployment: Deployment }) {
  const instance = useInstance(deployment.id);
  return (
    <div className="flex flex-col gap-4">
      <Card title="Path">
        <PathDiagram deployment={deployment} instance={instance} />
      </Card>
      <Trends id={deployment.id} />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
        <Endpoints deployment={deployment} />
        <Card title="Program">
          <Facts>
            <Fact name="State">{instance ? instanceLabel[instance.state] : "No program"}</Fact>
            <Fact name="Started">{instance?.startedAt ? <Time at={instance.startedAt} /> : "–"}</Fact>
            <Fact name="Restarts">{instance ? count(instance.restarts) : "–"}</Fact>
            <Fact name="Last exit">{instance?.lastExit ?? "–"}</Fact>
            <Fact name="CPU, of one core">{instance?.cpu == null ? "–" : percent(instance.cpu)}</Fact>
            <Fact name="Memory">{instance?.memoryBytes == null ? "–" : bytes(instance.memoryBytes)}</Fact>
            <Fact name="Template">{deployment.template}</Fact>
            <Fact name="Deployment id">
              <Id id={deployment.id} what="deployment id" />
            </Fact>
          </Facts>
        </Card>
      </div>
      <Card flush title="Contracts">
        <Table
          caption="Contracts"
          head={
            <>
              <Th>Address</Th>
              <Th>Events</Th>
              <Th className="text-right">Start block</Th>
            </>
          }
        >
          {deployment.config.contracts.map((contract) => (
            <tr key={contract.address}>
              <Td className="whitespace-nowrap">
                <span className="inline-flex items-center gap-1 font-mono text-xs" title={contract.address}>
                  {shortAddress(contract.address)}
                  <CopyButton text={contract.address} label={`Copy address ${contract.address}`} />
                </span>
              </Td>
              <Td className="min-w-48 text-soft">
                <ul>
                  {contract.events.map((event) => (
                    <li key={event} className="wrap-anywhere">
                      {event}
                    </li>
                  ))}
                </ul>
              </Td>
              <Td className="text-right tabular-nums">{count(contract.startBlock)}</Td>
            </tr>
          ))}
        </Table>
      </Card>
    </div>
  );
}

function Endpoints({ deployment }: { deployment: Deployment }) {
  const refusal = useRefusal("deployments.publish");
  const change = useVisibility(deployment.id);
  const [asking, setAsking] = useState(false);
  const open = deployment.visibility === "public";
  const gone = deployment.status === "deprovisioned";
  const endpoints = Object.entries(deployment.endpoints);
  return (
    <Card
      title="Endpoints"
      aside={
        open ? (
          <Badge tone="warn" icon={Globe}>
            Public
          </Badge>
        ) : (
          <Badge icon={Lock}>Private</Badge>
        )
      }
    >
      {gone || endpoints.length === 0 ? (
        <p className="text-[13px] text-soft">This deployment has no endpoints any more.</p>
      ) : (
        <div className="flex flex-col gap-3">
          <dl className="flex flex-col gap-2">
            {endpoints.map(([name, url]) => (
              <div key={name} className="flex items-center gap-2 text-[13px]">
                <dt className="w-16 shrink-0 text-xs text-faint">{name === "graphql" ? "GraphQL" : name === "rest" ? "REST" : name}</dt>
                <dd className="flex min-w-0 flex-1 items-center justify-between gap-1">
                  <span className="min-w-0 font-mono text-xs">{url}</span>
                  <CopyButton text={url} label={`Copy the ${name} endpoint`} />
                </dd>
              </div>
            ))}
          </dl>
          <div className="flex flex-wrap items-center justify-between gap-2 border-t border-line pt-3">
            <p className="min-w-0 flex-1 text-[13px] text-soft">
              {open ? "Anyone who knows the address can read it, without a key." : "Read with an API key, or from this dashboard."}
            </p>
            <Button small busy={change.isPending} refusal={refusal} onClick={() => (open ? change.mutate("private") : setAsking(true))}>
              {open ? "Make private" : "Make public"}
            </Button>
          </div>
          <Confirm
            open={asking}
            title={`Make ${deployment.name} public?`}
            description="Anybody who knows the address can then read every row, without a key, until it is made private again. Nobody can change anything."
            keep="Keep it private"
            verb="Make public"
            busy={change.isPending}
            onClose={() => setAsking(false)}
            onConfirm={() => change.mutate("public", { onSettled: () => setAsking(false) })}
          />
        </div>
      )}
    </Card>
  );
}
