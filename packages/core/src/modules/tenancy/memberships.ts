import type { OrganizationRole } from "@obelisk/schemas/access";
import type { Membership } from "@obelisk/schemas/organizations";
import { systemDb } from "../../db/system-db.ts";
import { statements } from "../../db/tenant-db.ts";
import type { OrganizationContext, Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";

/** Most organizations of one person that are listed. */
const listLimit = 200;

interface Row {
  id: string;
  name: string;
  slug: string;
  createdAt: Date;
  role: string;
}

export function toMembership({ role, createdAt, ...organization }: Row): Membership {
  return { organization: { ...organization, createdAt: createdAt.toISOString() }, role: role as OrganizationRole };
}

function membershipsOf(platform: Platform, userId: string) {
  return systemDb(platform)
    .selectFrom("members as m")
    .innerJoin("organizations as o", "o.id", "m.organizationId")
    .select(["o.id", "o.name", "o.slug", "o.createdAt", "m.role"])
    .where("m.userId", "=", userId);
}

/** The organizations a person belongs to, oldest membership first. */
export async function listMemberships(platform: Platform, userId: string): Promise<Membership[]> {
  const rows = await membershipsOf(platform, userId).orderBy("m.createdAt").orderBy("o.id").limit(listLimit).execute();
  return rows.map(toMembership);
}

/** A person's membership of one organization; null where there is none. */
export async function findMembership(platform: Platform, userId: string, organizationId: string): Promise<Membership | null> {
  const row = await membershipsOf(platform, userId).where("o.id", "=", organizationId).executeTakeFirst();
  return row ? toMembership(row) : null;
}

/** @throws ObeliskError `not_found` unless the actor is a member of the organization right now. */
export async function requireMember(ctx: OrganizationContext): Promise<OrganizationRole> {
  const { members } = await ctx.platform.database.read(ctx.organizationId, {
    members: statements
      .selectFrom("members")
      .select("role")
      .where("organizationId", "=", ctx.organizationId)
      .where("userId", "=", ctx.actor.id),
  });
  const [member] = members;
  if (!member) throw noSuchOrganization();
  return member.role as OrganizationRole;
}

/** One answer for an organization that isn't there and for one that isn't yours. */
export function noSuchOrganization(): ObeliskError {
  return new ObeliskError("not_found", "No such organization, or you are not a member of it.");
}

/** The organization with this slug, or null. For the operator's command line and the demo data. */
export async function organizationBySlug(platform: Platform, slug: string): Promise<{ id: string; name: string; slug: string } | null> {
  const row = await systemDb(platform)
    .selectFrom("organizations")
    .select(["id", "name", "slug"])
    .where("slug", "=", slug)
    .executeTakeFirst();
  return row ?? null;
}
