import { useEffect } from "react";
import { applyDeployment } from "./apply.ts";
import { reportConnection } from "./connection.ts";
import { useWatch } from "./use-watch.ts";

/** Follows the organization's deployments and renews what is on screen. Shows nothing. */
export function LiveUpdates() {
  const state = useWatch({}, (event) => {
    if (event.topic === "deployment") applyDeployment(event.deployment);
  });
  useEffect(() => reportConnection(state === "down" ? "polling" : state), [state]);
  return null;
}
