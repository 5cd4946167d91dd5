import type { Context, OrganizationContext } from "@obelisk/core/kernel/context";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import type { SignedIn } from "@obelisk/core/modules/access";
import { requireMember } from "@obelisk/core/modules/tenancy";

/**
 * The organization context of a session's request. The client names the organization it shows; a tab left on another one is refused
 * instead of acting on the wrong one.
 * @param source What names the organization: the header or parameter, for the refusal.
 * @throws ObeliskError `invalid_request` without a name, `organization_mismatch` when it isn't the session's, `not_found` for no member.
 */
export async function enterOrganization(
  call: Context,
  signedIn: SignedIn,
  believed: string | null,
  source: string,
): Promise<OrganizationContext> {
  if (!believed) {
    const message = "name the organization you act in";
    throw new ObeliskError("invalid_request", `${source}: ${message}`, { errors: [{ path: source, message }] });
  }
  if (signedIn.activeOrganizationId !== believed) {
    throw new ObeliskError("organization_mismatch", "This session has switched to another organization. Reload the page, then try again.");
  }
  const organization: OrganizationContext = { ...call, organizationId: believed };
  await requireMember(organization);
  return organization;
}
