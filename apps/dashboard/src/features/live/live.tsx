import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useEffectEvent } from "react";
import { trpc } from "../../api/client.ts";
import { applyDeployment } from "./apply.ts";
import { reportConnection } from "./connection.ts";
import { useTabInUse } from "./visibility.ts";

const retryMilliseconds = 8_000;

/** Follows the organization's deployments and renews what is on screen. Shows nothing. */
export function LiveUpdates() {
  const inUse = useTabInUse();
  const stream = useSubscription(
    trpc.deployments.watch.subscriptionOptions(
      {},
      {
        enabled: inUse,
        onData: (event) => {
          if (event.topic === "deployment") applyDeployment(event.deployment);
        },
      },
    ),
  );
  const restart = useEffectEvent(() => stream.reset());

  useEffect(() => {
    if (stream.status === "pending") reportConnection("live");
    else if (stream.status === "error" || (stream.status === "connecting" && stream.error)) reportConnection("polling");
    else reportConnection("connecting");
    if (stream.status !== "error") return;
    const timer = setTimeout(restart, retryMilliseconds);
    return () => clearTimeout(timer);
  }, [stream.status, stream.error]);

  return null;
}
