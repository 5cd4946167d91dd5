import type { User } from "@obelisk/core/modules/access";
import { listMemberships } from "@obelisk/core/modules/tenancy";
import type { Membership } from "@obelisk/schemas/organizations";
import { publicProcedure, router } from "./base.ts";

export interface SessionState {
  user: User | null;
  activeOrganizationId: string | null;
  memberships: Membership[];
}

export const sessionRouter = router({
  /** Who is signed in and where they may go; all null and empty for nobody. */
  get: publicProcedure.query(async ({ ctx }): Promise<SessionState> => {
    const { signedIn } = ctx;
    if (!signedIn) return { user: null, activeOrganizationId: null, memberships: [] };
    const memberships = await listMemberships(ctx.platform, signedIn.user.id);
    return { user: signedIn.user, activeOrganizationId: signedIn.activeOrganizationId, memberships };
  }),
});
