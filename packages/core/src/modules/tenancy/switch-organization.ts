import type { Membership } from "@obelisk/schemas/organizations";
import { systemDb } from "../../db/system-db.ts";
import { appendEntry } from "../../kernel/audit-chain.ts";
import type { Context } from "../../kernel/context.ts";
import { findMembership, noSuchOrganization } from "./memberships.ts";

/**
 * Moves a session into another organization of its user and says so in that organization's audit log, in one transaction.
 * Entering the one it is in already changes nothing and leaves no entry.
 *
 * @throws ObeliskError `not_found` for an organization the user is no member of.
 */
export async function switchOrganization(ctx: Context, input: { sessionId: string; organizationId: string }): Promise<Membership> {
  const membership = await findMembership(ctx.platform, ctx.actor.id, input.organizationId);
  if (!membership) throw noSuchOrganization();
  const { organization, role } = membership;
  const now = ctx.platform.clock.now();
  await systemDb(ctx.platform)
    .transaction()
    .execute(async (db) => {
      const moved = await db
        .updateTable("sessions")
        .set({ activeOrganizationId: organization.id, updatedAt: now })
        .where("id", "=", input.sessionId)
        .where("userId", "=", ctx.actor.id)
        .where("activeOrganizationId", "is distinct from", organization.id)
        .where(({ exists, selectFrom }) =>
          exists(selectFrom("members").select("id").where("organizationId", "=", organization.id).where("userId", "=", ctx.actor.id)),
        )
        .returning("id")
        .executeTakeFirst();
      if (!moved) return;
      await db.executeQuery(
        appendEntry({
          organizationId: organization.id,
          at: now,
          actor: ctx.actor,
          requestId: ctx.requestId,
          ip: ctx.ip,
          action: "organization.entered",
          target: { type: "organization", id: organization.id, label: organization.name },
          data: { role },
        }),
      );
    });
  return membership;
}
