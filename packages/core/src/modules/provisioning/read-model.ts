import type {
  Deployment,
  DeploymentKind,
  DeploymentStatus,
  DesiredState,
  Health,
  ListedDeployment,
  Task,
  TaskAction,
  TaskStatus,
} from "@obelisk/schemas/deployments";
import { type RawBuilder, sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import type { Failure } from "./policy.ts";

/** A task as PostgreSQL's JSON gives it. */
interface TaskJson {
  id: string;
  deploymentId: string;
  action: TaskAction;
  status: TaskStatus;
  attempt: number;
  failure: Failure | null;
  cancelRequestedAt: string | null;
  createdAt: string;
  startedAt: string | null;
  heartbeatAt: string | null;
  finishedAt: string | null;
  deadlineAt: string;
  steps: {
    name: string;
    status: Task["steps"][number]["status"];
    detail: string | null;
    startedAt: string | null;
    finishedAt: string | null;
  }[];
}

/** The task of the alias `t` with the steps of its latest attempt. */
const taskJson: RawBuilder<TaskJson> = sql`json_build_object(
  'id', t.id, 'deploymentId', t.deployment_id, 'action', t.action, 'status', t.status, 'attempt', t.attempt, 'failure', t.failure,
  'cancelRequestedAt', t.cancel_requested_at, 'createdAt', t.created_at, 'startedAt', t.started_at, 'heartbeatAt', t.heartbeat_at,
  'finishedAt', t.finished_at, 'deadlineAt', t.deadline_at,
  'steps', (select coalesce(json_agg(json_build_object('name', s.name, 'status', s.status, 'detail', s.detail,
      'startedAt', s.started_at, 'finishedAt', s.finished_at) order by s.position), '[]'::json)
    from task_steps s where s.organization_id = t.organization_id and s.task_id = t.id and s.attempt = t.attempt))`;

/** Deployments of one organization, each with its unfinished task, as `deploymentFrom` takes them. */
export function selectDeployments(organizationId: string) {
  return selectBare(organizationId).select("d.config");
}

/** The same for a list, as `listedFrom` takes them. */
export function selectListed(organizationId: string) {
  return selectBare(organizationId).select("d.listedConfig as config");
}

function selectBare(organizationId: string) {
  return statements
    .selectFrom("deployments as d")
    .select(["d.id", "d.kind", "d.name", "d.slug", "d.template", "d.status", "d.desiredState", "d.visibility", "d.health", "d.failure"])
    .select([sql<string>`to_json(d.created_at)`.as("createdAt"), sql<string>`to_json(d.updated_at)`.as("updatedAt")])
    .select(
      sql<TaskJson | null>`(select ${taskJson} from tasks t where t.organization_id = d.organization_id
        and t.deployment_id = d.id and t.status in ('queued', 'running'))`.as("currentTask"),
    )
    .where("d.organizationId", "=", organizationId);
}

/** Tasks of one organization as `taskFrom` takes them. */
export function selectTasks(organizationId: string) {
  return statements.selectFrom("tasks as t").select(taskJson.as("task")).where("t.organizationId", "=", organizationId);
}

export interface DeploymentRow {
  id: string;
  kind: string;
  name: string;
  slug: string;
  template: string;
  status: string;
  desiredState: string;
  visibility: string;
  config: unknown;
  health: unknown;
  failure: unknown;
  createdAt: string;
  updatedAt: string;
  currentTask: TaskJson | null;
}

export function deploymentFrom(row: DeploymentRow, baseUrl: string): Deployment {
  return shownFrom<Deployment>(row, baseUrl);
}

export function listedFrom(row: DeploymentRow, baseUrl: string): ListedDeployment {
  return shownFrom<ListedDeployment>(row, baseUrl);
}

function shownFrom<Shown extends ListedDeployment>(
  row: DeploymentRow,
  baseUrl: string,
): Omit<ListedDeployment, "config"> & Pick<Shown, "config"> {
  return {
    id: row.id,
    kind: row.kind as DeploymentKind,
    name: row.name,
    slug: row.slug,
    template: row.template,
    status: row.status as DeploymentStatus,
    desiredState: row.desiredState as DesiredState,
    visibility: row.visibility as Deployment["visibility"],
    endpoints: endpointsOf(baseUrl, row.slug),
    config: row.config as Shown["config"],
    health: row.health as Health | null,
    currentTask: row.currentTask ? taskFrom(row.currentTask) : null,
    failure: row.failure as Failure | null,
    createdAt: instant(row.createdAt),
    updatedAt: instant(row.updatedAt),
  };
}

export function taskFrom(task: TaskJson): Task {
  return {
    id: task.id,
    deploymentId: task.deploymentId,
    action: task.action,
    status: task.status,
    attempt: task.attempt,
    steps: task.steps.map((step) => ({ ...step, startedAt: instantOrNull(step.startedAt), finishedAt: instantOrNull(step.finishedAt) })),
    failure: task.failure,
    cancelRequested: task.cancelRequestedAt !== null,
    createdAt: instant(task.createdAt),
    startedAt: instantOrNull(task.startedAt),
    heartbeatAt: instantOrNull(task.heartbeatAt),
    finishedAt: instantOrNull(task.finishedAt),
    deadlineAt: instant(task.deadlineAt),
  };
}

/** Where the platform serves a deployment, by name. */
export function endpointsOf(baseUrl: string, slug: string): Record<string, string> {
  return { graphql: `${baseUrl}/d/${slug}/graphql`, rest: `${baseUrl}/d/${slug}/rest` };
}

/**
 * PostgreSQL's JSON spelling of an instant, such as `2026-01-02T03:04:05.123456+00:00`, in ours. A page of a list has a hundred of them:
 * cut as text they cost a tenth of what they do by way of a `Date`.
 */
export function instant(text: string): string {
  if (!/^\d{4}-.{14}(\.\d+)?\+00:00$/.test(text)) return new Date(text).toISOString();
  return `${text.slice(0, 19)}.${text.slice(20, -6).padEnd(3, "0").slice(0, 3)}Z`;
}

function instantOrNull(text: string | null): string | null {
  return text === null ? null : instant(text);
}
