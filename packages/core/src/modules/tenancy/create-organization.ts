import { createOrganizationSchema, type Membership } from "@obelisk/schemas/organizations";
import { sql } from "kysely";
import type { z } from "zod";
import { type SystemDb, systemDb } from "../../db/system-db.ts";
import { appendEntry } from "../../kernel/audit-chain.ts";
import type { Context } from "../../kernel/context.ts";
import { fieldErrors, forbidden, invalidRequest, ObeliskError } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { toMembership } from "./memberships.ts";

export interface CreateOrganization extends z.input<typeof createOrganizationSchema> {
  /** The session that enters the new organization; none from the command line. */
  sessionId?: string | undefined;
}

/**
 * Makes an organization whose first owner is the calling user, with the first entry of its audit log. It is the one write that can't
 * be a mutation, since nobody has a standing in an organization before it exists; the system handle writes all of it at once.
 *
 * @throws ObeliskError `invalid_request`; `conflict` naming `slug` when that is taken; `plan_limit_reached` for a person who owns as many
 *   organizations as one may.
 */
export async function createOrganization(ctx: Context, { sessionId, ...raw }: CreateOrganization): Promise<Membership> {
  const parsed = createOrganizationSchema.safeParse(raw);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  if (ctx.actor.type !== "user") throw forbidden("Only a person can own an organization.");
  const { name, slug } = parsed.data;
  const now = ctx.platform.clock.now();
  const id = newId("organization");
  await systemDb(ctx.platform)
    .transaction()
    .execute(async (db) => {
      await requireRoom(db, ctx);
      const made = await db
        .insertInto("organizations")
        .values({ id, name, slug, createdAt: now })
        .onConflict((conflict) => conflict.column("slug").doNothing())
        .returning("id")
        .executeTakeFirst();
      if (!made) {
        const message = `the slug ${slug} is taken, choose another`;
        throw new ObeliskError("conflict", message, { errors: [{ path: "slug", message }] });
      }
      await db
        .insertInto("members")
        .values({ organizationId: id, id: newId("member"), userId: ctx.actor.id, role: "owner", createdAt: now })
        .execute();
      if (sessionId) {
        await db
          .updateTable("sessions")
          .set({ activeOrganizationId: id, updatedAt: now })
          .where("id", "=", sessionId)
          .where("userId", "=", ctx.actor.id)
          .execute();
      }
      await db.executeQuery(
        appendEntry({
          organizationId: id,
          at: now,
          actor: ctx.actor,
          requestId: ctx.requestId,
          ip: ctx.ip,
          action: "organization.created",
          target: { type: "organization", id, label: name },
          data: { slug },
        }),
      );
    });
  return toMembership({ id, name, slug, createdAt: now, role: "owner" });
}

/** Holds the person's row until the commit, so that two creations of theirs can't both find the last place free. */
async function requireRoom(db: Pick<SystemDb, "selectFrom">, { actor, platform }: Context): Promise<void> {
  const allowed = platform.settings.limits.organizations;
  await db.selectFrom("users").select("id").where("id", "=", actor.id).forNoKeyUpdate().execute();
  const { used } = await db
    .selectFrom("members")
    .select(sql<number>`count(*)::int`.as("used"))
    .where("userId", "=", actor.id)
    .where("role", "=", "owner")
    .executeTakeFirstOrThrow();
  if (used < allowed) return;
  throw new ObeliskError(
    "plan_limit_reached",
    `You own ${used} organizations, and the limit is ${allowed}. Use one of them, or ask the operator to raise USER_MAX_ORGANIZATIONS.`,
  );
}
