import type { OrganizationRole } from "@obelisk/schemas/access";
import { systemDb } from "../../db/system-db.ts";
import { appendEntry } from "../../kernel/audit-chain.ts";
import type { Context } from "../../kernel/context.ts";
import { newId } from "../../kernel/ids.ts";
import { noSuchOrganization } from "./memberships.ts";

/**
 * Puts a user into an organization as the system, for the demo data; who is a member already stays as they are.
 * @throws ObeliskError `not_found` for an organization or user that isn't there.
 */
export async function addMember(ctx: Context, input: { organizationId: string; userId: string; role: OrganizationRole }): Promise<void> {
  const now = ctx.platform.clock.now();
  await systemDb(ctx.platform)
    .transaction()
    .execute(async (db) => {
      const organization = await db.selectFrom("organizations").select("id").where("id", "=", input.organizationId).executeTakeFirst();
      const user = await db.selectFrom("users").select("email").where("id", "=", input.userId).executeTakeFirst();
      if (!organization || !user) throw noSuchOrganization();
      const added = await db
        .insertInto("members")
        .values({ ...input, id: newId("member"), createdAt: now })
        .onConflict((conflict) => conflict.columns(["organizationId", "userId"]).doNothing())
        .returning("id")
        .executeTakeFirst();
      if (!added) return;
      await db.executeQuery(
        appendEntry({
          organizationId: input.organizationId,
          at: now,
          actor: ctx.actor,
          requestId: ctx.requestId,
          ip: ctx.ip,
          action: "member.added",
          target: { type: "user", id: input.userId, label: user.email },
          data: { role: input.role },
        }),
      );
    });
}
