import type { ApiKeyScope, OrganizationRole, Permission } from "@obelisk/schemas/access";
import { type Compilable, sql } from "kysely";
import { type Rows, statements } from "../db/tenant-db.ts";
import { type Grant, requirePermission } from "./authorization.ts";
import type { OrganizationContext } from "./context.ts";
import { ObeliskError } from "./errors.ts";

interface Standing {
  role: string | null;
  scopes: string[] | null;
  revoked: boolean | null;
  expired: boolean | null;
}

/** The actor's standing as one row, to be read beside what it asks for. */
function standingOf(ctx: OrganizationContext): Compilable<Standing> {
  const { actor, organizationId } = ctx;
  if (actor.type === "user") {
    return statements
      .selectFrom("members")
      .select(["role", sql<null>`null`.as("scopes"), sql<null>`null`.as("revoked"), sql<null>`null`.as("expired")])
      .where("organizationId", "=", organizationId)
      .where("userId", "=", actor.id);
  }
  const now = ctx.platform.clock.now();
  return statements
    .selectFrom("apiKeys")
    .select([
      sql<null>`null`.as("role"),
      "scopes",
      sql<boolean>`revoked_at is not null`.as("revoked"),
      sql<boolean>`coalesce(expires_at <= ${now}::timestamptz, false)`.as("expired"),
    ])
    .where("organizationId", "=", organizationId)
    .where("id", "=", actor.id);
}

function grantFrom(ctx: OrganizationContext, standing: Standing | undefined): Grant {
  if (ctx.actor.type === "user") {
    if (!standing?.role) throw new ObeliskError("not_found", "No such organization, or you are not a member of it.");
    return { type: "role", role: standing.role as OrganizationRole };
  }
  if (!standing?.scopes || standing.revoked) throw new ObeliskError("revoked_api_key", "This API key was revoked. Use another one.");
  if (standing.expired) throw new ObeliskError("expired_api_key", "This API key has expired. Create a new one.");
  return { type: "scopes", scopes: standing.scopes as ApiKeyScope[] };
}

/**
 * Reads what an actor asks for together with its standing, where the request hasn't read that yet, as one snapshot in one round trip, and
 * answers only if the standing allows it.
 * @throws ObeliskError as `authorize` does.
 */
export async function readAuthorized<Queries extends Record<string, Compilable<unknown>>>(
  ctx: OrganizationContext,
  permission: Permission,
  queries: Queries,
): Promise<Rows<Queries>> {
  const { database } = ctx.platform;
  const grant: Grant | undefined = ctx.actor.type === "system" || ctx.actor.type === "webhook" ? { type: "system" } : ctx.grant;
  if (grant) {
    requirePermission(grant, permission);
    return (await database.read(ctx.organizationId, queries)) as Rows<Queries>;
  }
  const { standing, ...rows } = await database.read(ctx.organizationId, { ...queries, standing: standingOf(ctx) } as Queries & {
    standing: Compilable<Standing>;
  });
  requirePermission(grantFrom(ctx, (standing as Standing[])[0]), permission);
  return rows as unknown as Rows<Queries>;
}
