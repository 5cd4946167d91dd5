import { z } from "zod";
import type { Platform } from "../../kernel/context.ts";
import { mutation } from "../../kernel/mutation.ts";
import type { Failure } from "./policy.ts";
import { hasInstance, lockDeployment, setStanding } from "./store.ts";
import { type InstanceLease, releaseInstance } from "./system/instance-leases.ts";

/** The lease is another's by now, or a task decides about the deployment: there is nothing left to say of it. */
class NotInCharge extends Error {}

const inputSchema = z.custom<{ lease: InstanceLease; failure: Failure }>((value) => typeof value === "object" && value !== null);

const fail = mutation({
  permission: "deployments.operate",
  input: inputSchema,
  async run({ ctx, db, input: { lease, failure }, now }): Promise<{ name: string }> {
    const deployment = await lockDeployment(db, ctx.organizationId, lease.deploymentId);
    if (deployment.status !== "running" && deployment.status !== "degraded") throw new NotInCharge();
    if (!(await hasInstance(db, lease))) throw new NotInCharge();
    const standing = { status: "failed", desiredState: deployment.desiredState, failure } as const;
    await setStanding(db, ctx.organizationId, lease.deploymentId, standing, now);
    return { name: deployment.name };
  },
  audit: ({ input: { lease, failure }, result }) => ({
    action: "deployment.failed",
    target: { type: "deployment", id: lease.deploymentId, label: result.name },
    data: { code: failure.code, epoch: lease.epoch },
  }),
});

/**
 * Gives up on a program and lets go of it. Where it ran outside of a task the deployment is failed until someone acts, which the audit
 * log says; inside of one the task itself ends as failed.
 */
export async function giveUpInstance(platform: Platform, lease: InstanceLease, failure: Failure): Promise<void> {
  const ctx = {
    platform,
    organizationId: lease.organizationId,
    requestId: `${lease.deploymentId}.${lease.epoch}`,
    actor: { type: "system", id: lease.workerId, label: "obelisk worker" },
    ip: null,
  } as const;
  try {
    await fail(ctx, { lease, failure });
  } catch (error) {
    if (!(error instanceof NotInCharge)) throw error;
  }
  await releaseInstance(platform, lease);
}
