import type { AnyRouter } from "@tanstack/react-router";

/** After signing in: forget what an earlier session read, then go where the person was headed. */
export function useArrive(router: AnyRouter): (target: string | undefined) => Promise<void> {
  return async (target) => {
    const href = target ?? "/dashboard/organization";
    const session = await import("../features/session/session.ts").catch(() => null);
    // Gone since this tab was opened, as after an update: the whole page comes anew.
    if (!session) return location.replace(href);
    session.forgetEverything();
    await router.navigate({ href, replace: true });
  };
}
