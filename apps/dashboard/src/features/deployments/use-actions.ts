import type { Deployment } from "@obelisk/schemas/deployments";
import type { LifecycleAction } from "@obelisk/schemas/lifecycle";
import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/client.ts";
import { readProblem } from "../../api/problem.ts";
import { toast } from "../../ui/toast.tsx";
import { applyDeployment } from "../live/apply.ts";

const said: Record<LifecycleAction, string> = {
  suspend: "Suspending has been queued.",
  resume: "Resuming has been queued.",
  redeploy: "Redeploying has been queued.",
  deprovision: "Deprovisioning has been queued.",
};

function refused(error: unknown): void {
  const { detail, requestId } = readProblem(error);
  toast(requestId ? `${detail} (request ${requestId})` : detail, "bad");
}

/** Nothing is shown before the server has answered: whether a task was accepted is not a guess to make. */
export function useLifecycle(id: string) {
  return useMutation({
    mutationFn: (action: LifecycleAction) => api.deployments[action].mutate({ id }),
    onSuccess: (deployment, action) => {
      applyDeployment(deployment);
      toast(said[action]);
    },
    onError: refused,
  });
}

export function useTaskAction() {
  return useMutation({
    mutationFn: async ({ taskId, act }: { taskId: string; act: "cancelTask" | "rerunTask" }): Promise<Deployment> => {
      const task = await api.deployments[act].mutate({ taskId });
      return api.deployments.get.query({ id: task.deploymentId });
    },
    onSuccess: (deployment, { act }) => {
      applyDeployment(deployment);
      toast(act === "cancelTask" ? "Cancelling has been asked for." : "The task will run again.");
    },
    onError: refused,
  });
}

export function useVisibility(id: string) {
  return useMutation({
    mutationFn: (visibility: Deployment["visibility"]) => api.deployments.setVisibility.mutate({ id, visibility }),
    onSuccess: (deployment) => {
      applyDeployment(deployment);
      toast(deployment.visibility === "public" ? "Anyone with the address can read the endpoint now." : "The endpoint is private again.");
    },
    onError: refused,
  });
}
