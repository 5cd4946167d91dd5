import type { AnyRouter } from "@tanstack/react-router";

/** After signing in: forget what an earlier session read, then go where the person was headed. */
export function useArrive(router: AnyRouter): (target: string | undefined) => Promise<void> {
  return async (target) => {
    const { forgetEverything } = await import("../features/session/session.ts");
    forgetEverything();
    await router.navigate({ href: target ?? "/dashboard/organization", replace: true });
  };
}
