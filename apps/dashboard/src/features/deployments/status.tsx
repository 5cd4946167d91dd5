import type { DeploymentStatus, Health, Instance, TaskAction, TaskStatus } from "@obelisk/schemas/deployments";
import {
  Ban,
  CircleAlert,
  CircleCheck,
  CirclePause,
  CircleX,
  Clock3,
  LoaderCircle,
  type LucideIcon,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import { Badge, type Tone } from "../../ui/badge.tsx";

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

export function StatusBadge({ status }: { status: DeploymentStatus }) {
  const { label, ...face } = statusFace[status];
  return <Badge {...face}>{label}</Badge>;
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
