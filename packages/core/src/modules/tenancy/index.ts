export { addMember } from "./add-member.ts";
export { type CreateOrganization, createOrganization } from "./create-organization.ts";
export { findMembership, listMemberships, noSuchOrganization, organizationBySlug, requireMember } from "./memberships.ts";
export { switchOrganization } from "./switch-organization.ts";
