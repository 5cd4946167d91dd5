import type { AppRouter } from "@obelisk/server/router";
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { learnServerTime } from "../ui/clock.ts";
import { believedOrganization, reportMismatch } from "./believed-organization.ts";
import { readProblem } from "./problem.ts";

/** Told when a call is refused because nobody is signed in any more. Set by the router, which knows the way to the sign-in page. */
export const onSignedOut = { run: (): void => undefined };

function watchFailure(error: unknown): void {
  const { code } = readProblem(error);
  if (code === "organization_mismatch") reportMismatch();
  if (code === "unauthenticated") onSignedOut.run();
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: watchFailure }),
  mutationCache: new MutationCache({ onError: watchFailure }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 300_000,
      retry: (failures, error) => {
        const { code } = readProblem(error);
        return failures < 2 && (code === "network" || code === "unavailable");
      },
    },
  },
});

const url = "/api/trpc";

export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === "subscription",
      true: httpSubscriptionLink({
        url,
        connectionParams: (): Record<string, string> => {
          const organizationId = believedOrganization();
          return organizationId ? { organizationId } : {};
        },
      }),
      false: httpBatchLink({
        url,
        maxURLLength: 2_000,
        fetch: async (target, options) => {
          const answer = await fetch(target, options as RequestInit);
          learnServerTime(answer.headers.get("date"));
          return answer;
        },
        headers: (): Record<string, string> => {
          const organizationId = believedOrganization();
          return organizationId ? { "x-obelisk-organization": organizationId } : {};
        },
      }),
    }),
  ],
});

export const trpc = createTRPCOptionsProxy<AppRouter>({ client: api, queryClient });

/** Forgets everything read inside an organization; the session and the list of organizations stay. */
export function dropOrganizationCaches(): void {
  queryClient.removeQueries({ queryKey: ["endpoint"] });
  for (const part of [trpc.organization, trpc.deployments, trpc.apiKeys, trpc.audit])
    queryClient.removeQueries({ queryKey: part.pathKey() });
}
