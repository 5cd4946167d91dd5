import { z } from "zod";

export const organizationRoles = ["owner", "admin", "member"] as const;
export const organizationRoleSchema = z.enum(organizationRoles);
export type OrganizationRole = z.infer<typeof organizationRoleSchema>;

export const apiKeyScopes = ["deployments:read", "deployments:write"] as const;
export const apiKeyScopeSchema = z.enum(apiKeyScopes);
export type ApiKeyScope = z.infer<typeof apiKeyScopeSchema>;

interface Rule {
  /** Roles whose members may. */
  roles: readonly OrganizationRole[];
  /** Scope with which an API key may; absent where no key ever may. */
  scope?: ApiKeyScope;
}

const everyone = organizationRoles;
const privileged = ["owner", "admin"] as const;

/**
 * Who may do what: the one matrix, read by the server before each act and by the dashboard to offer only what would succeed.
 * Source: the product's table of organization roles.
 */
export const permissions = {
  "organization.read": { roles: everyone },
  "deployments.read": { roles: everyone, scope: "deployments:read" },
  "deployments.create": { roles: everyone, scope: "deployments:write" },
  "deployments.operate": { roles: everyone, scope: "deployments:write" },
  "deployments.deprovision": { roles: privileged, scope: "deployments:write" },
  "deployments.publish": { roles: ["owner"] },
  "api-keys.read": { roles: everyone },
  "api-keys.manage": { roles: privileged },
  "audit.read": { roles: everyone },
} as const satisfies Record<string, Rule>;

export type Permission = keyof typeof permissions;

/** Whether a member of this role may do it. */
export function roleAllows(role: OrganizationRole, permission: Permission): boolean {
  return (permissions[permission].roles as readonly OrganizationRole[]).includes(role);
}

/** The scope an API key needs for it; null where no key may. */
export function scopeFor(permission: Permission): ApiKeyScope | null {
  const rule: Rule = permissions[permission];
  return rule.scope ?? null;
}
