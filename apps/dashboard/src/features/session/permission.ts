import { type OrganizationRole, type Permission, permissions, roleAllows } from "@obelisk/schemas/access";

const acts: Record<Permission, string> = {
  "organization.read": "see this organization",
  "deployments.read": "see deployments",
  "deployments.create": "create deployments",
  "deployments.operate": "operate deployments",
  "deployments.deprovision": "deprovision a deployment",
  "deployments.publish": "change who can read an endpoint",
  "api-keys.read": "see API keys",
  "api-keys.manage": "create, rotate or revoke API keys",
  "audit.read": "see the audit log",
};

const plurals: Record<OrganizationRole, string> = { owner: "owners", admin: "admins", member: "members" };

/** Why a member of this role may not do it, in a sentence; null where they may. The server decides by the same matrix. */
export function refusalFor(role: OrganizationRole | null, permission: Permission): string | null {
  if (role === null) return "You are not a member of this organization.";
  if (roleAllows(role, permission)) return null;
  const who = permissions[permission].roles.map((each) => plurals[each]).join(" and ");
  const article = role === "member" ? "a" : "an";
  return `Only ${who} can ${acts[permission]}. You are ${article} ${role} here.`;
}
