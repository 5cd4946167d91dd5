import { createHmac, randomBytes } from "node:crypto";
import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { newId } from "@obelisk/core/kernel/ids";
import { hashToken } from "@obelisk/core/kernel/secrets";
import { newToken } from "@obelisk/core/modules/api-keys";
import type { ApiKeyScope, OrganizationRole } from "@obelisk/schemas/access";
import type { TestPlatform } from "./test-platform.ts";

/** A person with a live session. */
export interface TestUser {
  id: string;
  name: string;
  email: string;
  /** Token of the session, as its row holds it. */
  sessionToken: string;
}

export interface TestKey {
  id: string;
  /** What a caller sends: `obk_…`. */
  token: string;
  ctx: OrganizationContext;
}

export interface TestTenant {
  id: string;
  name: string;
  slug: string;
  /** One user for each role the tenant was made with. */
  users: Record<OrganizationRole, TestUser>;
  /** A call of this user; by default of a fresh request. */
  as(user: TestUser, requestId?: string): OrganizationContext;
  asOwner(): OrganizationContext;
  asAdmin(): OrganizationContext;
  asMember(): OrganizationContext;
  /** Issues a key with these scopes. */
  asKey(scopes?: readonly ApiKeyScope[]): Promise<TestKey>;
}

const everyRole: readonly OrganizationRole[] = ["owner", "admin", "member"];

/** An organization with an owner, an admin and a member, all signed in, straight into the tables: no password, no audit entry. */
export async function createTenant(test: TestPlatform, { slug = `t-${randomBytes(4).toString("hex")}` } = {}): Promise<TestTenant> {
  const id = newId("organization");
  const name = slug.toUpperCase();
  await test.owner.query("insert into organizations (id, name, slug) values ($1, $2, $3)", [id, name, slug]);
  const users = {} as Record<OrganizationRole, TestUser>;
  for (const role of everyRole) {
    users[role] = await createUser(test, { email: `${role}@${slug}.test`, activeOrganizationId: id });
    await test.owner.query("insert into members (organization_id, id, user_id, role) values ($1, $2, $3, $4)", [
      ...[id, newId("member"), users[role].id, role],
    ]);
  }
  const context = (actor: OrganizationContext["actor"], requestId = `test-${randomBytes(6).toString("hex")}`): OrganizationContext => ({
    platform: test.platform,
    organizationId: id,
    requestId,
    actor,
    ip: "127.0.0.1",
  });
  const as = (user: TestUser, requestId?: string) => context({ type: "user", id: user.id, label: user.email }, requestId);
  return {
    id,
    name,
    slug,
    users,
    as,
    asOwner: () => as(users.owner),
    asAdmin: () => as(users.admin),
    asMember: () => as(users.member),
    asKey: async (scopes = ["deployments:read", "deployments:write"]) => {
      const key = await insertKey(test, id, scopes);
      return { ...key, ctx: context({ type: "api_key", id: key.id, label: key.name }) };
    },
  };
}

/** A user without a password, signed in by a session as a sign-in makes it: of seven days, which a request doesn't prolong on the first. */
export async function createUser(
  test: TestPlatform,
  { email, role = "user", activeOrganizationId = null }: { email: string; role?: "user" | "admin"; activeOrganizationId?: string | null },
): Promise<TestUser> {
  const id = newId("user");
  const name = email.split("@")[0] ?? email;
  const sessionToken = randomBytes(24).toString("base64url");
  await test.owner.query("insert into users (id, name, email, email_verified, role) values ($1, $2, $3, true, $4)", [
    id,
    name,
    email,
    role,
  ]);
  await test.owner.query(
    "insert into sessions (id, user_id, token, expires_at, active_organization_id) values ($1, $2, $3, now() + interval '7 days', $4)",
    [newId("session"), id, sessionToken, activeOrganizationId],
  );
  return { id, name, email, sessionToken };
}

/**
 * The `cookie` header of a user's session.
 * @param secret The server's AUTH_SECRET, with which the cookie is signed.
 */
export function sessionCookie(user: TestUser, secret: string, cookieName = "better-auth.session_token"): string {
  const signature = createHmac("sha256", secret).update(user.sessionToken).digest("base64");
  return `${cookieName}=${encodeURIComponent(`${user.sessionToken}.${signature}`)}`;
}

async function insertKey(test: TestPlatform, organizationId: string, scopes: readonly ApiKeyScope[]) {
  const id = newId("apiKey");
  const name = `key ${id.slice(-4)}`;
  const token = newToken();
  await test.owner.query(
    `insert into api_keys (organization_id, id, name, prefix, last_four, token_hash, scopes, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, 'test')`,
    [organizationId, id, name, token.slice(0, 10), token.slice(-4), hashToken(token), scopes],
  );
  return { id, name, token };
}
