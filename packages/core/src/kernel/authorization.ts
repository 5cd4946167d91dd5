import { type ApiKeyScope, type OrganizationRole, type Permission, permissions, roleAllows, scopeFor } from "@obelisk/schemas/access";
import type { TenantDb } from "../db/tenant-db.ts";
import type { OrganizationContext } from "./context.ts";
import { ObeliskError } from "./errors.ts";

/** What the actor may do right now, as the rows say. */
export type Grant = { type: "role"; role: OrganizationRole } | { type: "scopes"; scopes: readonly ApiKeyScope[] } | { type: "system" };

/**
 * Reads the actor's standing in the organization from its row.
 * @throws ObeliskError `not_found` for a user who is no member (the organization isn't theirs to know of); `revoked_api_key` or
 *   `expired_api_key` for a key that has ended since the request began.
 */
async function readGrant(db: TenantDb, ctx: OrganizationContext): Promise<Grant> {
  const { actor } = ctx;
  if (actor.type === "user") {
    const member = await db
      .selectFrom("members")
      .select("role")
      .where("organizationId", "=", ctx.organizationId)
      .where("userId", "=", actor.id)
      .executeTakeFirst();
    if (!member) throw new ObeliskError("not_found", "No such organization, or you are not a member of it.");
    return { type: "role", role: member.role as OrganizationRole };
  }
  if (actor.type === "api_key") {
    const key = await db
      .selectFrom("apiKeys")
      .select(["scopes", "revokedAt", "expiresAt"])
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", actor.id)
      .executeTakeFirst();
    if (!key || key.revokedAt) throw new ObeliskError("revoked_api_key", "This API key was revoked. Use another one.");
    if (key.expiresAt && key.expiresAt <= ctx.platform.clock.now()) {
      throw new ObeliskError("expired_api_key", "This API key has expired. Create a new one.");
    }
    return { type: "scopes", scopes: key.scopes as ApiKeyScope[] };
  }
  return { type: "system" };
}

/** @throws ObeliskError `forbidden` for a role that may not, `missing_scope` for a key that may not. */
export function requirePermission(grant: Grant, permission: Permission): void {
  if (grant.type === "role" && !roleAllows(grant.role, permission)) {
    const allowed = permissions[permission].roles.join(" or ");
    throw new ObeliskError("forbidden", `This needs the role ${allowed}; yours is ${grant.role}. Ask an owner of the organization.`);
  }
  if (grant.type === "scopes") {
    const scope = scopeFor(permission);
    if (!scope) throw new ObeliskError("missing_scope", "No API key may do this: sign in to the dashboard.");
    if (!grant.scopes.includes(scope)) throw new ObeliskError("missing_scope", `This needs an API key with the scope ${scope}.`);
  }
}

/** Reads the grant and requires the permission: what every read of a module begins with. */
export async function authorize(db: TenantDb, ctx: OrganizationContext, permission: Permission): Promise<Grant> {
  const grant = await readGrant(db, ctx);
  requirePermission(grant, permission);
  return grant;
}
