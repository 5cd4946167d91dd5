import { useEffect } from "react";
import { applyListed } from "./apply.ts";
import { reportConnection } from "./connection.ts";
import { useWatch } from "./use-watch.ts";

/** Follows the organization's deployments and renews what is on screen. Shows nothing. */
export function LiveUpdates() {
  const state = useWatch({}, (event) => {
    if (event.topic === "listed") applyListed(event.deployment);
  });
  useEffect(() => reportConnection(state === "down" ? "polling" : state), [state]);
  return null;
}
