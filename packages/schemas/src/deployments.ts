import { z } from "zod";
import { abiSchema } from "./abi.ts";
import { eventLimits, firstAbiAbove } from "./event-limits.ts";
import { idSchema, instantSchema, keysetPageSchema, nameSchema, offsetPageSchema } from "./primitives.ts";

/** Kinds with a template in this build. The API's routes, the tables and the lists know no other. */
export const deploymentKinds = ["indexer"] as const;
export const deploymentKindSchema = z.enum(deploymentKinds);
export type DeploymentKind = z.infer<typeof deploymentKindSchema>;

export const deploymentStatuses = [
  "queued",
  "provisioning",
  "running",
  "degraded",
  "suspending",
  "suspended",
  "deprovisioning",
  "deprovisioned",
  "failed",
] as const;
export const deploymentStatusSchema = z.enum(deploymentStatuses);
export type DeploymentStatus = z.infer<typeof deploymentStatusSchema>;

export const desiredStateSchema = z.enum(["running", "suspended", "deprovisioned"]);
export type DesiredState = z.infer<typeof desiredStateSchema>;

export const taskActionSchema = z.enum(["provision", "suspend", "resume", "redeploy", "deprovision"]);
export type TaskAction = z.infer<typeof taskActionSchema>;

export const taskStatusSchema = z.enum(["queued", "running", "succeeded", "failed", "cancelled"]);
export type TaskStatus = z.infer<typeof taskStatusSchema>;

export const stepStatusSchema = z.enum(["pending", "running", "succeeded", "failed", "cancelled"]);

/** Address of a contract; its exact form is the chain adapter's to judge. */
const addressSchema = z.string().regex(/^0x[0-9a-fA-F]{40}$/, "expected 0x and 40 hexadecimal digits");

const contractSchema = z.strictObject({
  address: addressSchema,
  abi: abiSchema,
  /** First block to read; 0 unless told. */
  startBlock: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
});

export const rpcUrlSchema = z
  .url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" })
  .max(2_048, "use at most 2,048 characters");

/** A name in the list of networks the operator has configured. */
export const networkSlugSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "expected a network's slug, such as local");

/** Body of `POST /deployments/indexer`. */
export const createIndexerSchema = z
  .strictObject({
    name: nameSchema,
    template: z.string().max(64).default("evm-events"),
    network: networkSlugSchema.optional(),
    rpcUrl: rpcUrlSchema.optional(),
    contracts: z.array(contractSchema).min(1, "name at least one contract").max(50, "name at most 50 contracts"),
  })
  .superRefine((body, issue) => {
    if (!body.network === !body.rpcUrl) {
      issue.addIssue({ code: "custom", path: ["network"], message: "give either network or rpcUrl" });
    }
    const seen = new Set<string>();
    body.contracts.forEach((contract, index) => {
      const address = contract.address.toLowerCase();
      if (seen.has(address))
        issue.addIssue({ code: "custom", path: ["contracts", index, "address"], message: "this address is named twice" });
      seen.add(address);
    });
    const index = firstAbiAbove(body.contracts.map(({ abi }) => abi));
    if (index >= 0) {
      const message = `the contracts declare more than ${eventLimits.events} different events together: leave out those you don't need`;
      issue.addIssue({ code: "custom", path: ["contracts", index, "abi"], message });
    }
  });

export type CreateIndexer = z.infer<typeof createIndexerSchema>;

export const healthSchema = z.object({
  status: z.enum(["healthy", "degraded", "unreachable"]),
  /** What is wrong, in a sentence; null while healthy. */
  message: z.string().nullable(),
  syncedBlock: z.number().int().nullable(),
  headBlock: z.number().int().nullable(),
  lagBlocks: z.number().int().nullable(),
  checkedAt: instantSchema,
});
export type Health = z.infer<typeof healthSchema>;

export const taskStepSchema = z.object({
  name: z.string(),
  status: stepStatusSchema,
  startedAt: instantSchema.nullable(),
  finishedAt: instantSchema.nullable(),
  /** What the step saw or did, in a sentence. */
  detail: z.string().nullable(),
});

export const failureSchema = z.object({ code: z.string(), message: z.string() });

export const taskSchema = z.object({
  id: idSchema("task"),
  deploymentId: idSchema("deployment"),
  action: taskActionSchema,
  status: taskStatusSchema,
  attempt: z.number().int(),
  steps: z.array(taskStepSchema),
  failure: failureSchema.nullable(),
  cancelRequested: z.boolean(),
  createdAt: instantSchema,
  startedAt: instantSchema.nullable(),
  heartbeatAt: instantSchema.nullable(),
  finishedAt: instantSchema.nullable(),
  /** When it fails by itself if it has not ended. */
  deadlineAt: instantSchema,
});
export type Task = z.infer<typeof taskSchema>;

const listedContractSchema = z.object({ address: z.string(), startBlock: z.number().int() });

const listedConfigSchema = z.object({
  network: z.string().nullable(),
  /** The URL without its path and query, where credentials often are. */
  rpcUrl: z.string().nullable(),
  chainId: z.number().int(),
  contracts: z.array(listedContractSchema),
});

const indexerConfigSchema = listedConfigSchema.extend({
  /** With the signatures of their events, such as `Transfer(address,address,uint256)`. */
  contracts: z.array(listedContractSchema.extend({ events: z.array(z.string()) })),
});

export const deploymentSchema = z.object({
  id: idSchema("deployment"),
  kind: deploymentKindSchema,
  name: z.string(),
  slug: z.string(),
  template: z.string(),
  status: deploymentStatusSchema,
  desiredState: desiredStateSchema,
  visibility: z.enum(["private", "public"]),
  /** Name of the endpoint to its URL: `graphql`, `rest`. */
  endpoints: z.record(z.string(), z.string()),
  config: indexerConfigSchema,
  health: healthSchema.nullable(),
  currentTask: taskSchema.nullable(),
  failure: failureSchema.nullable(),
  createdAt: instantSchema,
  updatedAt: instantSchema,
});
export type Deployment = z.infer<typeof deploymentSchema>;

/** A deployment as a list shows it: without the signatures of its events, of which it may have very many. */
export const listedDeploymentSchema = deploymentSchema.extend({ config: listedConfigSchema });
export type ListedDeployment = z.infer<typeof listedDeploymentSchema>;

export const listDeploymentsQuerySchema = offsetPageSchema.extend({ status: deploymentStatusSchema.optional() });

export const deploymentListSchema = z.object({
  data: z.array(listedDeploymentSchema),
  pagination: z.object({ limit: z.number().int(), offset: z.number().int(), total: z.number().int() }),
});

export const logLevelSchema = z.enum(["debug", "info", "warn", "error"]);

export const logLineSchema = z.object({
  /** Grows with time within a deployment; pass as `after` for the lines since. */
  sequence: z.number().int(),
  at: instantSchema,
  stream: z.enum(["stdout", "stderr", "system"]),
  level: logLevelSchema,
  message: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** Without `after`: the newest lines. With it: the lines that follow. */
export const logQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  after: z.coerce.number().int().min(0).optional(),
});

/** The dashboard's list. */
export const deploymentFilterSchema = keysetPageSchema("deployment").extend({
  kind: deploymentKindSchema,
  status: deploymentStatusSchema.nullish(),
  search: z.string().trim().max(64).nullish(),
});

/** One check made before a task is accepted. */
export const preflightCheckSchema = z.object({
  name: z.enum(["template", "program", "driver", "capacity", "rpc", "contracts", "plan"]),
  status: z.enum(["pass", "fail"]),
  detail: z.string(),
  /** What mends it; null where nothing needs mending. */
  remedy: z.string().nullable(),
});
export type PreflightCheck = z.infer<typeof preflightCheckSchema>;

export const networkSchema = z.object({
  slug: z.string(),
  name: z.string(),
  family: z.string(),
  chainId: z.number().int(),
  development: z.boolean(),
});
export type Network = z.infer<typeof networkSchema>;

/** A point of a deployment's health history. */
export const healthSampleSchema = z.object({
  at: instantSchema,
  syncedBlock: z.number().int().nullable(),
  headBlock: z.number().int().nullable(),
  lagBlocks: z.number().int().nullable(),
  /** Share of one core, 1 = one core busy. */
  cpu: z.number().nullable(),
  memoryBytes: z.number().int().nullable(),
});
export type HealthSample = z.infer<typeof healthSampleSchema>;

/** What the driver last saw of the running program. */
export const instanceSchema = z.object({
  state: z.enum(["starting", "ready", "backing_off", "stopped"]),
  restarts: z.number().int(),
  startedAt: instantSchema.nullable(),
  lastExit: z.string().nullable(),
  cpu: z.number().nullable(),
  memoryBytes: z.number().int().nullable(),
});
export type Instance = z.infer<typeof instanceSchema>;
