import { type DeploymentStatus, deploymentStatuses } from "@obelisk/schemas/deployments";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { CircleCheck, CircleDashed, CircleX, TriangleAlert } from "lucide-react";
import { toneText } from "../../ui/badge.tsx";
import { Fact, Facts } from "../../ui/card.tsx";
import { count, duration, plural } from "../../ui/format.ts";
import { statusFace } from "../deployments/status.tsx";
import { queueVerdict } from "../shell/queue-verdict.ts";

/** States that need no one's eye when nothing is in them. */
const always: readonly DeploymentStatus[] = ["running", "degraded", "failed"];

/** `unchecked`: how many of those that run nobody has looked at lately. */
export function HealthSummary({ counts, unchecked }: { counts: Record<DeploymentStatus, number>; unchecked: number }) {
  const shown = deploymentStatuses.filter((status) => status !== "deprovisioned" && (always.includes(status) || counts[status] > 0));
  const sentence = verdict(counts, unchecked);
  return (
    <div className="flex flex-col gap-4">
      <p className={clsx("flex items-center gap-2 font-medium", sentence.tone)}>
        <sentence.icon aria-hidden className="size-4 shrink-0" />
        {sentence.text}
      </p>
      <ul className="flex flex-wrap gap-x-8 gap-y-3">
        {shown.map((status) => {
          const { label, tone, icon: Icon } = statusFace[status];
          return (
            <li key={status}>
              <Link to="/dashboard/organization/indexer-lab" search={{ status }} className="group block">
                <span className="block text-2xl leading-8 font-semibold tabular-nums">{count(counts[status])}</span>
                <span className="flex items-center gap-1.5 text-[13px] text-soft underline-offset-4 group-hover:underline">
                  <Icon aria-hidden className={clsx("size-3.5", counts[status] > 0 ? toneText[tone] : "text-faint")} />
                  {label}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function verdict(counts: Record<DeploymentStatus, number>, unchecked: number): { text: string; tone: string; icon: typeof CircleCheck } {
  if (counts.failed > 0) return { text: `${plural(counts.failed, "deployment")} failed and needs a look`, tone: "text-bad", icon: CircleX };
  if (counts.degraded > 0) return { text: `${plural(counts.degraded, "deployment")} degraded`, tone: "text-warn", icon: TriangleAlert };
  if (unchecked > 0)
    return {
      text: `${plural(unchecked, "deployment")} not checked lately: how it is now isn't known`,
      tone: "text-warn",
      icon: CircleDashed,
    };
  if (counts.running === 0) return { text: "Nothing is running", tone: "text-soft", icon: CircleCheck };
  return { text: "Everything that runs is healthy", tone: "text-ok", icon: CircleCheck };
}

export function QueueSummary({
  queue,
  workersAlive,
}: {
  queue: { queued: number; running: number; oldestQueuedSeconds: number | null };
  workersAlive: number;
}) {
  const state = queueVerdict({
    workers: workersAlive,
    queued: queue.queued,
    running: queue.running,
    oldestSeconds: queue.oldestQueuedSeconds,
  });
  const Icon = state.tone === "ok" ? CircleCheck : TriangleAlert;
  return (
    <div className="flex flex-col gap-4">
      <p className={clsx("flex items-center gap-2 font-medium", toneText[state.tone])}>
        <Icon aria-hidden className="size-4 shrink-0" />
        {state.text}
      </p>
      <Facts>
        <Fact name="Tasks waiting">{count(queue.queued)}</Fact>
        <Fact name="Oldest waits for">{queue.oldestQueuedSeconds === null ? "–" : duration(queue.oldestQueuedSeconds)}</Fact>
        <Fact name="Tasks running">{count(queue.running)}</Fact>
        <Fact name="Workers alive">{count(workersAlive)}</Fact>
      </Facts>
    </div>
  );
}
