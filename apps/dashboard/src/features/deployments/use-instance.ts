import { useQuery } from "@tanstack/react-query";
import { trpc } from "../../api/client.ts";
import { usePollInterval } from "../live/connection.ts";

/** The program that runs for a deployment, as its driver last saw it. */
export function useInstance(id: string) {
  return useQuery(trpc.deployments.instance.queryOptions({ id }, { refetchInterval: usePollInterval(10_000) })).data ?? null;
}
