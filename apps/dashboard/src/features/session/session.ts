import type { Membership } from "@obelisk/schemas/organizations";
import { useQuery } from "@tanstack/react-query";
import { believedOrganization, believeOrganization, reportMismatch } from "../../api/believed-organization.ts";
import { dropOrganizationCaches, queryClient, trpc } from "../../api/client.ts";

export const sessionQuery = trpc.session.get.queryOptions(undefined, { staleTime: 30_000, refetchOnWindowFocus: true });

/** Who is signed in, from the cache where it is known. */
export function loadSession() {
  return queryClient.ensureQueryData(sessionQuery);
}

/** Settles which organization this tab acts in. False where the session is in none that the person belongs to. */
export async function enterActiveOrganization(): Promise<boolean> {
  const state = await loadSession();
  const active = state.memberships.find((membership) => membership.organization.id === state.activeOrganizationId);
  if (!active) return false;
  const believed = believedOrganization();
  if (believed === null) believeOrganization(active.organization.id);
  else if (believed !== active.organization.id) reportMismatch();
  return true;
}

/** After a switch: drops all that was read in the old organization and acts in the new one. */
export async function continueIn(organizationId: string | null): Promise<void> {
  await queryClient.cancelQueries();
  believeOrganization(organizationId);
  dropOrganizationCaches();
  await queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
}

/** After signing in or out: nothing of an earlier session remains. */
export function forgetEverything(): void {
  believeOrganization(null);
  queryClient.clear();
}

export function useSession() {
  return useQuery(sessionQuery);
}

/** The person's membership of the organization this tab is in; null where there is none (any more). */
export function useMembership(): Membership | null {
  const { data } = useSession();
  const believed = believedOrganization();
  return data?.memberships.find((membership) => membership.organization.id === believed) ?? null;
}
