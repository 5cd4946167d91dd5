import type { OrganizationContext } from "@obelisk/core/kernel/context";
import {
  cancelTask,
  createDeployment,
  deprovisionDeployment,
  getDeployment,
  listDeployments,
  listTasks,
  readLogs,
  redeployDeployment,
  rerunTask,
  resumeDeployment,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import type { ApiKeyScope } from "@obelisk/schemas/access";
import {
  createIndexerSchema,
  type DeploymentKind,
  deploymentListSchema,
  deploymentSchema,
  listDeploymentsQuerySchema,
  logLineSchema,
  logQuerySchema,
  taskSchema,
} from "@obelisk/schemas/deployments";
import { cursorSchema } from "@obelisk/schemas/primitives";
import type { ProblemCode } from "@obelisk/schemas/problem";
import { z } from "zod";

/** One route of the public API: what it takes, what it answers, and which module does it. */
export interface Operation {
  operationId: string;
  method: "get" | "post" | "delete";
  /** Below the API's root, parameters in braces. */
  path: string;
  summary: string;
  scope: ApiKeyScope;
  query?: z.ZodObject;
  body?: z.ZodType;
  status: 200 | 201;
  answer: z.ZodType;
  /** Refusals of its own, beside those of every route. */
  refusals: readonly ProblemCode[];
  run(ctx: OrganizationContext, given: { params: Record<string, string>; query: unknown; body: unknown }): Promise<unknown>;
  /** Makes the answer's body of what the module's change gives; the same inside its transaction and after it. */
  present(result: unknown): unknown;
}

const createBodies = { indexer: createIndexerSchema } as const satisfies Record<DeploymentKind, z.ZodType>;

const tasksQuery = z.object({ limit: z.coerce.number().int().min(1).max(100).default(20), cursor: cursorSchema("task").optional() });

const one = z.object({ data: deploymentSchema });
const asData = (result: unknown) => ({ data: result });
const asIs = (result: unknown) => result;

function defineOperation<Query extends z.ZodObject, Body extends z.ZodType>(
  operation: Omit<Operation, "query" | "body" | "run"> & {
    query?: Query;
    body?: Body;
    run(
      ctx: OrganizationContext,
      given: { params: Record<string, string>; query: z.output<Query>; body: z.output<Body> },
    ): Promise<unknown>;
  },
): Operation {
  return operation as unknown as Operation;
}

const named = { suspend: suspendDeployment, resume: resumeDeployment, redeploy: redeployDeployment };
const summaries = {
  suspend: "Stop the program; its data stays",
  resume: "Start a suspended program again",
  redeploy: "Restart the program on its configuration",
};

/** Of what starts the program of a deployment that exists: the preflight comes before it too. */
const startRefusals: readonly ProblemCode[] = ["not_found", "conflict", "provisioning_unavailable"];

/** Every route of one kind. A new kind needs a create body and nothing else. */
export function operationsOf(kind: DeploymentKind): Operation[] {
  const root = `/deployments/${kind}`;
  const id = (params: Record<string, string>) => params["id"] ?? "";
  return [
    defineOperation({
      operationId: `list_${kind}`,
      method: "get",
      path: root,
      summary: `List ${kind} deployments, newest first`,
      scope: "deployments:read",
      query: listDeploymentsQuerySchema,
      status: 200,
      answer: deploymentListSchema,
      refusals: [],
      run: async (ctx, { query }) => {
        const { data, total } = await listDeployments(ctx, { kind, ...query });
        return { data, pagination: { limit: query.limit, offset: query.offset, total } };
      },
      present: asIs,
    }),
    defineOperation({
      operationId: `create_${kind}`,
      method: "post",
      path: root,
      summary: "Create: answers once the deployment, its task and the audit entry are committed",
      scope: "deployments:write",
      body: createBodies[kind],
      status: 201,
      answer: one,
      refusals: ["plan_limit_reached", "provisioning_unavailable"],
      run: (ctx, { body }) => createDeployment(ctx, kind, body),
      present: asData,
    }),
    defineOperation({
      operationId: `get_${kind}`,
      method: "get",
      path: `${root}/{id}`,
      summary: "One deployment",
      scope: "deployments:read",
      status: 200,
      answer: one,
      refusals: ["not_found"],
      run: (ctx, { params }) => getDeployment(ctx, { id: id(params), kind }),
      present: asData,
    }),
    defineOperation({
      operationId: `remove_${kind}`,
      method: "delete",
      path: `${root}/{id}`,
      summary: "Deprovision: the program and its data go for good",
      scope: "deployments:write",
      status: 200,
      answer: one,
      refusals: ["not_found", "conflict"],
      run: (ctx, { params }) => deprovisionDeployment(ctx, { id: id(params), kind }),
      present: asData,
    }),
    ...(["suspend", "resume", "redeploy"] as const).map((action) =>
      defineOperation({
        operationId: `${action}_${kind}`,
        method: "post",
        path: `${root}/{id}/${action}`,
        summary: summaries[action],
        scope: "deployments:write",
        status: 200,
        answer: one,
        refusals: action === "suspend" ? ["not_found", "conflict"] : startRefusals,
        run: (ctx, { params }) => named[action](ctx, { id: id(params), kind }),
        present: asData,
      }),
    ),
    defineOperation({
      operationId: `logs_${kind}`,
      method: "get",
      path: `${root}/{id}/logs`,
      summary: "The newest log lines, or those after a sequence number; oldest first",
      scope: "deployments:read",
      query: logQuerySchema,
      status: 200,
      answer: z.object({ data: z.array(logLineSchema) }),
      refusals: ["not_found"],
      run: (ctx, { params, query }) => readLogs(ctx, { id: id(params), kind, ...query }),
      present: asData,
    }),
    defineOperation({
      operationId: `tasks_${kind}`,
      method: "get",
      path: `${root}/{id}/tasks`,
      summary: "The deployment's tasks, newest first",
      scope: "deployments:read",
      query: tasksQuery,
      status: 200,
      answer: z.object({ data: z.array(taskSchema), pagination: z.object({ limit: z.number().int(), nextCursor: z.string().nullable() }) }),
      refusals: ["not_found"],
      run: async (ctx, { params, query }) => {
        const { items, nextCursor } = await listTasks(ctx, { id: id(params), kind, ...query });
        return { data: items, pagination: { limit: query.limit, nextCursor } };
      },
      present: asIs,
    }),
    ...(["cancel", "rerun"] as const).map((action) =>
      defineOperation({
        operationId: `${action}_task_${kind}`,
        method: "post",
        path: `${root}/{id}/tasks/{taskId}/${action}`,
        summary: action === "cancel" ? "Cancel a queued or running task" : "Run a failed or cancelled task again",
        scope: "deployments:write",
        status: 200,
        answer: z.object({ data: taskSchema }),
        refusals: action === "cancel" ? ["not_found", "conflict"] : startRefusals,
        run: (ctx, { params }) => (action === "cancel" ? cancelTask : rerunTask)(ctx, { taskId: params["taskId"] ?? "", id: id(params) }),
        present: asData,
      }),
    ),
  ];
}
