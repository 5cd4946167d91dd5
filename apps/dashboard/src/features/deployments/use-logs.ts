import type { LogLine } from "@obelisk/schemas/deployments";
import { useQuery } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useEffect, useState } from "react";
import { trpc } from "../../api/client.ts";
import { applyDeployment } from "../live/apply.ts";
import { useTabInUse } from "../live/visibility.ts";
import { mergeLines } from "./log-lines.ts";

/** A deployment's newest log lines, followed live; asked for every few seconds while the stream is down. */
export function useLogs(id: string): { lines: readonly LogLine[]; live: boolean; loading: boolean; error: unknown } {
  const inUse = useTabInUse();
  const [kept, setKept] = useState<{ id: string; lines: readonly LogLine[] }>({ id, lines: [] });
  const add = (lines: readonly LogLine[]) => setKept((before) => ({ id, lines: mergeLines(before.id === id ? before.lines : [], lines) }));

  const stream = useSubscription(
    trpc.deployments.watch.subscriptionOptions(
      { id },
      {
        enabled: inUse,
        onData: (event) => {
          if (event.topic === "logs") add(event.lines);
          else applyDeployment(event.deployment);
        },
      },
    ),
  );
  const live = stream.status === "pending";
  const polled = useQuery(trpc.deployments.logs.queryOptions({ id, limit: 200 }, { refetchInterval: live ? false : 4_000 }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: `add` is made anew each time and only reads the id
  useEffect(() => {
    if (polled.data) add(polled.data);
  }, [polled.data, id]);

  return { lines: kept.id === id ? kept.lines : [], live, loading: polled.isPending, error: polled.isError && !live ? polled.error : null };
}
