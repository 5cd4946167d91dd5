import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";
import { usePollInterval } from "../live/connection.ts";

/** The platform as it answers about itself. `isError`: it doesn't answer, so nothing on screen that was read before is known to hold. */
export function usePlatformStatus() {
  const refetchInterval = usePollInterval(10_000);
  return useQuery(trpc.organization.status.queryOptions(undefined, { refetchInterval }));
}
