import { type DeploymentStatus, deploymentStatuses } from "@obelisk/schemas/deployments";
import { isHealthStale } from "@obelisk/schemas/health-age";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { CircleCheck, CircleDashed, CircleX, type LucideIcon, TriangleAlert } from "lucide-react";
import { type Tone, toneText } from "../../ui/badge.tsx";
import { Fact, Facts } from "../../ui/card.tsx";
import { useClock } from "../../ui/clock.ts";
import { count, duration } from "../../ui/format.ts";
import { statusFace } from "../deployments/status.tsx";
import { queueVerdict } from "../shell/queue-verdict.ts";
import { healthVerdict } from "./health-verdict.ts";

/** States that need no one's eye when nothing is in them. */
const always: readonly DeploymentStatus[] = ["running", "degraded", "failed"];

const verdictIcons: Partial<Record<Tone, LucideIcon>> = { bad: CircleX, warn: TriangleAlert };

/** `checkedAt`: when each of those that run was last looked at. */
export function HealthSummary({ counts, checkedAt }: { counts: Record<DeploymentStatus, number>; checkedAt: readonly string[] }) {
  const shown = deploymentStatuses.filter((status) => status !== "deprovisioned" && (always.includes(status) || counts[status] > 0));
  const unchecked = useClock((now) => checkedAt.filter((at) => isHealthStale({ checkedAt: at }, now)).length);
  const { tone, text } = healthVerdict(counts, unchecked);
  return (
    <div className="flex flex-col gap-4">
      <Verdict tone={tone} text={text} icon={verdictIcons[tone] ?? CircleCheck} />
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

function Verdict({ tone, text, icon: Icon }: { tone: Tone; text: string; icon: LucideIcon }) {
  return (
    <p className={clsx("flex items-center gap-2 font-medium", toneText[tone])}>
      <Icon aria-hidden className="size-4 shrink-0" />
      {text}
    </p>
  );
}

/** Stands in for either summary while the server doesn't answer: what was last known says nothing of the present. */
export function UnknownSummary() {
  return <Verdict tone="warn" text="Unknown for now" icon={CircleDashed} />;
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
  return (
    <div className="flex flex-col gap-4">
      <Verdict tone={state.tone} text={state.text} icon={state.tone === "ok" ? CircleCheck : TriangleAlert} />
      <Facts>
        <Fact name="Tasks waiting">{count(queue.queued)}</Fact>
        <Fact name="Oldest waits for">{queue.oldestQueuedSeconds === null ? "–" : duration(queue.oldestQueuedSeconds)}</Fact>
        <Fact name="Tasks running">{count(queue.running)}</Fact>
        <Fact name="Workers alive">{count(workersAlive)}</Fact>
      </Facts>
    </div>
  );
}
