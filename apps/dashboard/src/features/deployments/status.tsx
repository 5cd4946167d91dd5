import type { Deployment, DeploymentStatus, Health, Instance, TaskAction, TaskStatus } from "@obelisk/schemas/deployments";
import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  Clock3,
  LoaderCircle,
  type LucideIcon,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import { Badge, type Tone } from "../../ui/badge.tsx";
import { Time } from "../../ui/time.tsx";

interface Face {
  label: string;
  tone: Tone;
  icon: LucideIcon;
  turning?: boolean;
}

export const statusFace: Record<DeploymentStatus, Face> = {
  queued: { label: "Queued", tone: "info", icon: Clock3 },
  provisioning: { label: "Provisioning", tone: "info", icon: LoaderCircle, turning: true },
  running: { label: "Running", tone: "ok", icon: CircleCheck },
  degraded: { label: "Degraded", tone: "warn", icon: TriangleAlert },
  suspending: { label: "Suspending", tone: "info", icon: LoaderCircle, turning: true },
  suspended: { label: "Suspended", tone: "idle", icon: CirclePause },
  deprovisioning: { label: "Deprovisioning", tone: "info", icon: LoaderCircle, turning: true },
  deprovisioned: { label: "Deprovisioned", tone: "idle", icon: Trash2 },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
};

/** Where the deployment stands. A status that rests on health from before is muted, and says how old it is. */
export function StatusBadge({
  deployment: { status, health },
  stale,
}: {
  deployment: Pick<Deployment, "status" | "health">;
  stale: boolean;
}) {
  const { label, ...face } = statusFace[status];
  if (!stale || !health || !restsOnHealth(status)) return <Badge {...face}>{label}</Badge>;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-0.5">
      <Badge icon={CircleDashed}>{label}</Badge>
      <span className="text-xs font-normal tracking-normal text-soft">
        last checked <Time at={health.checkedAt} />
      </span>
    </span>
  );
}

/** Whether the status is what the program's health made of it. */
export function restsOnHealth(status: DeploymentStatus): boolean {
  return status === "running" || status === "degraded";
}

export const healthFace: Record<Health["status"], Face> = {
  healthy: { label: "Healthy", tone: "ok", icon: CircleCheck },
  degraded: { label: "Degraded", tone: "warn", icon: TriangleAlert },
  unreachable: { label: "Unreachable", tone: "bad", icon: CircleAlert },
};

const taskFace: Record<TaskStatus, Face> = {
  queued: { label: "Queued", tone: "info", icon: Clock3 },
  running: { label: "Running", tone: "info", icon: LoaderCircle, turning: true },
  succeeded: { label: "Succeeded", tone: "ok", icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  cancelled: { label: "Cancelled", tone: "idle", icon: Ban },
};

export function TaskBadge({ status }: { status: TaskStatus }) {
  const { label, ...face } = taskFace[status];
  return <Badge {...face}>{label}</Badge>;
}

export const actionLabel: Record<TaskAction, string> = {
  provision: "Provision",
  suspend: "Suspend",
  resume: "Resume",
  redeploy: "Redeploy",
  deprovision: "Deprovision",
};

export const instanceLabel: Record<Instance["state"], string> = {
  starting: "Starting",
  ready: "Ready",
  backing_off: "Waiting before a restart",
  stopped: "Stopped",
};
