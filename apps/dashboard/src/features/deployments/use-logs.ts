import type { LogLine } from "@obelisk/schemas/deployments";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, trpc } from "../../api/client.ts";
import { applyDeployment } from "../live/apply.ts";
import { useWatch } from "../live/use-watch.ts";
import { gapPage, linesBetween, mergeLines } from "./log-lines.ts";

/**
 * A deployment's newest log lines, followed live; asked for every few seconds while the stream is down.
 * @param id the same as long as the component is mounted
 */
export function useLogs(id: string): { lines: readonly LogLine[]; live: boolean; loading: boolean; error: unknown } {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const add = (more: readonly LogLine[], from = 0) =>
    setLines((known) =>
      mergeLines(
        known.filter(({ sequence }) => sequence >= from),
        more,
      ),
    );

  /** A view of the newest lines: what lies between it and the lines on screen is read first, and where that is too much those go. */
  const addNewest = async (newest: readonly LogLine[]) => {
    const [last, first] = [lines.at(-1)?.sequence, newest[0]?.sequence];
    if (last === undefined || first === undefined || first <= last) return add(newest);
    const readAfter = (after: number) => api.deployments.logs.query({ id, limit: gapPage, after });
    const missed = await linesBetween(last, first, readAfter).catch(() => null);
    if (missed) add([...missed, ...newest]);
    else add(newest, first);
  };

  const live =
    useWatch({ id }, (event) => {
      if (event.topic === "deployment") applyDeployment(event.deployment);
      if (event.topic !== "logs") return;
      if (event.newest) void addNewest(event.lines);
      else add(event.lines);
    }) === "live";
  const polled = useQuery(trpc.deployments.logs.queryOptions({ id, limit: 200 }, { refetchInterval: live ? false : 4_000 }));

  // biome-ignore lint/correctness/useExhaustiveDependencies: `addNewest` is made anew each time: only what was read counts
  useEffect(() => {
    if (polled.data) void addNewest(polled.data);
  }, [polled.data, id]);

  return { lines, live, loading: polled.isPending, error: polled.isError && !live ? polled.error : null };
}
