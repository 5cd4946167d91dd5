import { pageAudit } from "@obelisk/core/modules/audit";
import { organizationOverview, platformStatus } from "@obelisk/core/modules/provisioning";
import { createOrganization, listMemberships, switchOrganization } from "@obelisk/core/modules/tenancy";
import type { AuditEntry } from "@obelisk/schemas/audit";
import type { DeploymentStatus, ListedDeployment } from "@obelisk/schemas/deployments";
import { createOrganizationSchema, type Membership } from "@obelisk/schemas/organizations";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { protectedOrganizationProcedure, protectedProcedure, router } from "./base.ts";

export const organizationsRouter = router({
  list: protectedProcedure.query(({ ctx }): Promise<Membership[]> => listMemberships(ctx.platform, ctx.signedIn.user.id)),

  /** Makes an organization with the caller as its owner, and enters it. */
  create: protectedProcedure
    .input(createOrganizationSchema)
    .mutation(({ ctx, input }): Promise<Membership> => createOrganization(ctx.call, { ...input, sessionId: ctx.signedIn.sessionId })),

  /** Moves the session into another organization of the caller's. */
  switch: protectedProcedure
    .input(z.strictObject({ organizationId: idSchema("organization") }))
    .mutation(({ ctx, input }): Promise<Membership> => switchOrganization(ctx.call, { ...input, sessionId: ctx.signedIn.sessionId })),
});

export interface OrganizationHome {
  deployments: Record<DeploymentStatus, number>;
  /** When each of those that are running was last checked. */
  checkedAt: string[];
  queue: { queued: number; running: number; oldestQueuedSeconds: number | null };
  workers: { alive: number };
  recentDeployments: ListedDeployment[];
  recentActivity: AuditEntry[];
}

export interface OrganizationStatus {
  database: "ok";
  workersAlive: number;
  queuedTasks: number;
  runningTasks: number;
  oldestQueuedSeconds: number | null;
}

export const organizationRouter = router({
  overview: protectedOrganizationProcedure.query(async ({ ctx }): Promise<OrganizationHome> => {
    const [overview, activity] = await Promise.all([organizationOverview(ctx.organization), pageAudit(ctx.organization, { limit: 5 })]);
    return { ...overview, recentActivity: activity.items };
  }),

  /** The corner's light: whether the database answers, workers live, and the queue moves. */
  status: protectedOrganizationProcedure.query(async ({ ctx }): Promise<OrganizationStatus> => {
    return { database: "ok", ...(await platformStatus(ctx.platform)) };
  }),
});
