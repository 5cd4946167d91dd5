import {
  cancelTask,
  createDeployment,
  deprovisionDeployment,
  getDeployment,
  getInstance,
  healthHistory,
  listNetworks,
  listTasks,
  pageDeployments,
  preflight,
  readLogs,
  redeployDeployment,
  rerunTask,
  resumeDeployment,
  setVisibility,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import {
  createIndexerSchema,
  type Deployment,
  deploymentFilterSchema,
  type HealthSample,
  type Instance,
  type ListedDeployment,
  type LogLine,
  type Network,
  type PreflightCheck,
  type Task,
} from "@obelisk/schemas/deployments";
import { idSchema, keysetPageSchema, type Page } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { protectedOrganizationProcedure as procedure, router } from "./base.ts";
import { watch } from "./watch.ts";

const one = z.strictObject({ id: idSchema("deployment") });
const oneTask = z.strictObject({ taskId: idSchema("task") });

const logs = one.extend({
  limit: z.number().int().min(1).max(1_000).default(200),
  after: z.number().int().min(0).nullish(),
});

/** Longest health history a page may ask for: a week. */
const longestHistoryMinutes = 7 * 1_440;

export const deploymentsRouter = router({
  list: procedure
    .input(deploymentFilterSchema)
    .query(({ ctx, input }): Promise<Page<ListedDeployment>> => pageDeployments(ctx.organization, input)),
  get: procedure.input(one).query(({ ctx, input }): Promise<Deployment> => getDeployment(ctx.organization, input)),
  networks: procedure.query(({ ctx }): Promise<Network[]> => listNetworks(ctx.organization)),

  /** A mutation, though it changes nothing: it reaches out to the network for each call. */
  preflight: procedure
    .meta({ bound: "costly" })
    .input(createIndexerSchema)
    .mutation(({ ctx, input }): Promise<PreflightCheck[]> => preflight(ctx.organization, "indexer", input)),
  create: procedure
    .meta({ bound: "costly" })
    .input(createIndexerSchema)
    .mutation(({ ctx, input }): Promise<Deployment> => createDeployment(ctx.organization, "indexer", input)),

  suspend: procedure.input(one).mutation(({ ctx, input }): Promise<Deployment> => suspendDeployment(ctx.organization, input)),
  resume: procedure
    .meta({ bound: "costly" })
    .input(one)
    .mutation(({ ctx, input }): Promise<Deployment> => resumeDeployment(ctx.organization, input)),
  redeploy: procedure
    .meta({ bound: "costly" })
    .input(one)
    .mutation(({ ctx, input }): Promise<Deployment> => redeployDeployment(ctx.organization, input)),
  deprovision: procedure.input(one).mutation(({ ctx, input }): Promise<Deployment> => deprovisionDeployment(ctx.organization, input)),
  setVisibility: procedure
    .input(one.extend({ visibility: z.enum(["private", "public"]) }))
    .mutation(({ ctx, input }): Promise<Deployment> => setVisibility(ctx.organization, input)),

  logs: procedure.input(logs).query(({ ctx, input }): Promise<LogLine[]> => {
    return readLogs(ctx.organization, { id: input.id, limit: input.limit, ...(input.after == null ? {} : { after: input.after }) });
  }),
  tasks: procedure
    .input(keysetPageSchema("task").extend(one.shape))
    .query(({ ctx, input }): Promise<Page<Task>> => listTasks(ctx.organization, { ...input, cursor: input.cursor ?? undefined })),
  cancelTask: procedure.input(oneTask).mutation(({ ctx, input }): Promise<Task> => cancelTask(ctx.organization, input)),
  rerunTask: procedure
    .meta({ bound: "costly" })
    .input(oneTask)
    .mutation(({ ctx, input }): Promise<Task> => rerunTask(ctx.organization, input)),
  healthHistory: procedure
    .input(one.extend({ minutes: z.number().int().min(1).max(longestHistoryMinutes).default(60) }))
    .query(({ ctx, input }): Promise<HealthSample[]> => healthHistory(ctx.organization, input)),
  instance: procedure.input(one).query(({ ctx, input }): Promise<Instance | null> => getInstance(ctx.organization, input)),

  watch,
});
