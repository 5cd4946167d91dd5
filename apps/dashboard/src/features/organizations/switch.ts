import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api } from "../../api/client.ts";
import { readProblem } from "../../api/problem.ts";
import { toast } from "../../ui/toast.tsx";
import { continueIn } from "../session/session.ts";

/** Moves the session into another organization, drops what was read in this one, and lands on its home. */
export function useSwitchOrganization() {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async (organizationId: string) => {
      const membership = await api.organizations.switch.mutate({ organizationId });
      await continueIn(organizationId);
      await navigate({ to: "/dashboard/organization" });
      return membership;
    },
    onError: (error) => toast(readProblem(error).detail, "bad"),
  });
}
