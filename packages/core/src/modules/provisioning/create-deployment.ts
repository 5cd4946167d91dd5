import type { CreateIndexer, Deployment, DeploymentKind } from "@obelisk/schemas/deployments";
import { z } from "zod";
import type { OrganizationContext } from "../../kernel/context.ts";
import { newId, randomSuffix } from "../../kernel/ids.ts";
import { mutation } from "../../kernel/mutation.ts";
import { deploymentLimit } from "./deployment-limit.ts";
import { courses } from "./policy.ts";
import { type CreateDeploymentInput, checkWish, parseCreate, requirePassed } from "./preflight.ts";
import { endpointsOf } from "./read-model.ts";
import { runTask } from "./run-task.job.ts";
import { publicConfig, sealSpecification, specificationOf } from "./specification.ts";
import { insertTask } from "./store.ts";

interface Prepared {
  kind: DeploymentKind;
  input: CreateIndexer;
  family: string;
  chainId: number;
}

/** Made by `createDeployment` itself out of a valid input, so there is nothing left to check. */
const preparedSchema = z.custom<Prepared>((value) => typeof value === "object" && value !== null);

const insert = mutation({
  permission: "deployments.create",
  input: preparedSchema,
  limit: deploymentLimit,
  async run({ ctx, db, input: { kind, input, family, chainId }, now, enqueue }): Promise<Deployment> {
    const { organizationId, platform } = ctx;
    const id = newId("deployment");
    const taskId = newId("task");
    const slug = slugOf(input.name);
    const config = publicConfig(input, chainId);
    const former = { status: "queued", desiredState: courses.provision.desired } as const;
    const added = db
      .insertInto("deployments")
      .values({
        organizationId,
        id,
        kind,
        name: input.name,
        slug,
        template: input.template,
        status: former.status,
        desiredState: former.desiredState,
        config: JSON.stringify(config),
        sealedSpec: sealSpecification(platform.secrets, id, specificationOf(input, family, chainId)),
        createdBy: ctx.actor.id,
        createdAt: now,
        updatedAt: now,
      })
      .execute();
    const queued = insertTask(
      db,
      organizationId,
      { id: taskId, deploymentId: id, action: "provision", former, rerunOf: null, requestedBy: ctx.actor.id, requestId: ctx.requestId },
      now,
    );
    // Sent in this order without waiting in between, so that they share a round trip and the task finds its deployment.
    const [, currentTask] = await Promise.all([added, queued, enqueue(runTask, { taskId }, { key: id })]);
    return {
      id,
      kind,
      name: input.name,
      slug,
      template: input.template,
      status: former.status,
      desiredState: former.desiredState,
      visibility: "private",
      endpoints: endpointsOf(platform.settings.baseUrl, slug),
      config,
      health: null,
      currentTask,
      failure: null,
      createdAt: now.toISOString(),
      updatedAt: now.toISOString(),
    };
  },
  audit: ({ result }) => ({
    action: "deployment.created",
    target: { type: "deployment", id: result.id, label: result.name },
    data: { kind: result.kind, template: result.template, slug: result.slug, taskId: result.currentTask?.id ?? null },
  }),
});

/**
 * A name for URLs: the deployment's own, in lower-case letters, digits and hyphens, with a random ending of 40 bits. Of ten thousand with
 * one name two would meet, and the later be refused as a fault, once in twenty thousand times.
 */
function slugOf(name: string): string {
  const words = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return `${words || "deployment"}-${randomSuffix(8)}`;
}

/**
 * Accepts a new deployment: checks that it can be made, then commits its row, the task that provisions it, the job and the audit entry
 * together. It answers before anything is started.
 * @throws ObeliskError `invalid_request`, `forbidden`, `missing_scope`, `plan_limit_reached`, and `provisioning_unavailable` with the failed
 *   checks in `errors`
 */
export async function createDeployment(ctx: OrganizationContext, kind: DeploymentKind, input: CreateDeploymentInput): Promise<Deployment> {
  const valid = parseCreate(kind, input);
  const { checks, family, chainId } = await checkWish(ctx, valid);
  requirePassed(checks);
  if (chainId === null) throw new Error("every preflight check passed, yet the chain is unknown");
  return insert(ctx, { kind, input: valid, family, chainId });
}
