import type { Deployment, Instance } from "@obelisk/schemas/deployments";
import { clsx } from "clsx";
import { ArrowDown, ArrowRight, Cpu, Database, FileCode2, Globe, type LucideIcon, Waypoints } from "lucide-react";
import { type Tone, toneText } from "../../ui/badge.tsx";
import { count, plural, shortAddress } from "../../ui/format.ts";
import { networkWords } from "./deployment-rows.tsx";
import { awaitedBlock, lagWords } from "./lag.ts";
import { useStaleHealth } from "./stale-health.ts";
import { healthFace, instanceLabel, restsOnHealth } from "./status.tsx";

interface Station {
  icon: LucideIcon;
  title: string;
  detail: string;
  state: string;
  tone: Tone;
}

/** The way of an event through the deployment, each station with what is known of it; nothing is well that nobody looked at lately. Pure. */
export function stations(deployment: Deployment, instance: Instance | null, stale: boolean): Station[] {
  const { config, health, visibility, status } = deployment;
  const runs = restsOnHealth(status);
  const well = health?.status === "healthy";
  const ready: Tone = stale ? "idle" : instance?.state === "ready" ? "ok" : "warn";
  const contracts = config.contracts;
  const events = new Set(contracts.flatMap((contract) => contract.events)).size;
  const [first] = contracts;
  return [
    {
      icon: FileCode2,
      title: contracts.length === 1 ? "Contract" : plural(contracts.length, "contract"),
      detail: contracts.length === 1 && first ? shortAddress(first.address) : `chain ${config.chainId}`,
      state: plural(events, "event"),
      tone: "idle",
    },
    {
      icon: Waypoints,
      title: "RPC",
      detail: networkWords(deployment),
      state: !runs
        ? "Not asked"
        : health?.headBlock == null
          ? "Head unknown"
          : `${well && !stale ? "Head" : "Last head"} ${count(health.headBlock)}`,
      tone: !runs || stale ? "idle" : well && health.headBlock !== null ? "ok" : "warn",
    },
    {
      icon: Cpu,
      title: "Indexer",
      detail: status === "suspended" || status === "deprovisioned" || !instance ? "No program" : instanceLabel[instance.state],
      state: !runs
        ? "Not running"
        : stale
          ? "Not checked lately"
          : well || health?.lagBlocks
            ? lagWords(deployment, stale)
            : healthFace[health?.status ?? "degraded"].label,
      tone:
        !runs || (ready === "ok" && well && awaitedBlock(deployment) !== null)
          ? "idle"
          : ready === "ok"
            ? healthFace[health?.status ?? "degraded"].tone
            : ready,
    },
    {
      icon: Database,
      title: "Postgres",
      detail: "A schema of its own",
      state:
        status === "deprovisioned"
          ? "Dropped"
          : status === "suspended"
            ? "Kept"
            : health?.syncedBlock == null
              ? status === "failed"
                ? "Not known"
                : "Nothing read yet"
              : `Up to ${count(health.syncedBlock)}`,
      tone: stale || status === "deprovisioned" || health?.syncedBlock == null ? "idle" : "ok",
    },
    {
      icon: Globe,
      title: "Endpoint",
      detail: "GraphQL and REST",
      state: !runs ? "Closed" : visibility === "public" ? "Public" : "Private",
      tone: runs ? ready : "idle",
    },
  ];
}

export function PathDiagram({ deployment, instance }: { deployment: Deployment; instance: Instance | null }) {
  const all = stations(deployment, instance, useStaleHealth(deployment, instance?.startedAt));
  return (
    <ol aria-label="Path of an event" className="flex flex-col md:flex-row md:items-stretch">
      {all.map((station, index) => (
        <li key={station.title} className="flex min-w-0 flex-1 flex-col items-stretch md:flex-row md:items-center">
          <div className="flex min-w-0 flex-1 items-center gap-3 rounded-md border border-line bg-canvas px-3 py-2.5 md:flex-col md:items-start md:gap-2 md:self-stretch">
            <station.icon aria-hidden className="size-4 shrink-0 text-faint" strokeWidth={1.75} />
            <div className="min-w-0 flex-1 md:flex-none">
              <p className="text-[13px] leading-4 font-medium">{station.title}</p>
              <p className="mt-0.5 text-xs text-faint">{station.detail}</p>
            </div>
            <p className={clsx("text-right text-xs font-medium md:mt-auto md:text-left", toneText[station.tone])}>{station.state}</p>
          </div>
          {index < all.length - 1 ? (
            <span aria-hidden className="flex shrink-0 items-center justify-center py-1 text-faint md:px-1 md:py-0">
              <ArrowDown className="size-3.5 md:hidden" />
              <ArrowRight className="hidden size-3.5 md:block" />
            </span>
          ) : null}
        </li>
      ))}
    </ol>
  );
}
