import type { Permission } from "@obelisk/schemas/access";
import { refusalFor } from "./permission.ts";
import { useMembership } from "./session.ts";

/** Why the signed-in person may not do it in this organization; null where they may. */
export function useRefusal(permission: Permission): string | null {
  return refusalFor(useMembership()?.role ?? null, permission);
}
