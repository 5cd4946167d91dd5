import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useEffectEvent } from "react";
import { trpc } from "../../api/client.ts";
import { useTabInUse } from "./visibility.ts";

type Options = NonNullable<Parameters<typeof trpc.deployments.watch.subscriptionOptions>[1]>;
type WatchEvent = Parameters<NonNullable<Options["onData"]>>[0];

/** Milliseconds until a stream is asked for again: soon where it ended, as a server that stops ends it, later where it was refused. */
const pauseAfter = { idle: 1_500, error: 8_000 };

/** `live`: changes arrive. `down`: they don't for now, and pages ask by themselves. */
export type WatchState = "connecting" | "live" | "down";

/** Follows one deployment with its log, or all of the organization's, while the tab is in use; begins again wherever that ends. */
export function useWatch(input: { id?: string }, onData: (event: WatchEvent) => void): WatchState {
  const inUse = useTabInUse();
  const stream = useSubscription(trpc.deployments.watch.subscriptionOptions(input, { enabled: inUse, onData }));
  const { status } = stream;
  const restart = useEffectEvent(() => stream.reset());

  useEffect(() => {
    if (!inUse || (status !== "idle" && status !== "error")) return;
    // Not all tabs of a server that came back at once.
    const timer = setTimeout(restart, pauseAfter[status] * (0.75 + Math.random() / 2));
    return () => clearTimeout(timer);
  }, [inUse, status]);

  if (status === "pending") return "live";
  return status === "error" || (status === "connecting" && stream.error) ? "down" : "connecting";
}
