import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { trpc } from "../../api/client.ts";
import { Card } from "../../ui/card.tsx";
import { Chart } from "../../ui/chart.tsx";
import { thin } from "../../ui/chart-scale.ts";
import { useClock } from "../../ui/clock.ts";
import { Failure } from "../../ui/failure.tsx";
import { Select } from "../../ui/field.tsx";
import { bytes, count, percent, plural } from "../../ui/format.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { blocksAMinute } from "./throughput.ts";

const ranges = [
  { minutes: 60, label: "Last hour" },
  { minutes: 360, label: "Last 6 hours" },
  { minutes: 1_440, label: "Last 24 hours" },
] as const;

/** Milliseconds by which the charts move on, as often as they are asked for. */
const step = 15_000;

/** More points than a chart has pixels show nothing more. */
const mostPoints = 240;

const mebibyte = 1_048_576;

const blockWords = (value: number): string => plural(value, "block");
const rateWords = (value: number): string => count(Math.round(value));
const orDash = (value: number | null): string => (value === null ? "–" : count(value));

export function Trends({ id }: { id: string }) {
  const [minutes, setMinutes] = useState<number>(60);
  const history = useQuery(
    trpc.deployments.healthHistory.queryOptions({ id, minutes }, { refetchInterval: step, placeholderData: (before) => before }),
  );
  const to = useClock((now) => Math.ceil(now / step) * step);
  const from = to - minutes * 60_000;
  const samples = thin(
    (history.data ?? []).filter(({ at }) => Date.parse(at) >= from),
    mostPoints,
  );
  const rates = blocksAMinute(samples);
  return (
    <Card
      title="Trends"
      aside={
        <Select aria-label="Time range" className="w-36" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {ranges.map((range) => (
            <option key={range.minutes} value={range.minutes}>
              {range.label}
            </option>
          ))}
        </Select>
      }
    >
      {history.isError ? (
        <Failure error={history.error} retry={() => history.refetch()} />
      ) : history.isPending ? (
        <Skeleton className="h-40" />
      ) : (
        <div className="grid grid-cols-1 gap-6 md:grid-cols-2 xl:grid-cols-4">
          <Chart
            title="Lag"
            format={blockWords}
            atLeast={10}
            from={from}
            to={to}
            moreTitles={["Read", "Head"]}
            points={samples.map(({ at, lagBlocks, syncedBlock, headBlock }) => ({
              at,
              value: lagBlocks,
              more: [orDash(syncedBlock), orDash(headBlock)],
            }))}
          />
          <Chart
            title="Blocks read a minute"
            format={rateWords}
            atLeast={10}
            from={from}
            to={to}
            points={samples.map(({ at }, index) => ({ at, value: rates[index] ?? null }))}
          />
          <Chart
            title="CPU, of one core"
            format={percent}
            atLeast={0.1}
            from={from}
            to={to}
            points={samples.map(({ at, cpu }) => ({ at, value: cpu }))}
          />
          <Chart
            title="Memory"
            format={bytes}
            atLeast={64 * mebibyte}
            unit={mebibyte}
            from={from}
            to={to}
            points={samples.map(({ at, memoryBytes }) => ({ at, value: memoryBytes }))}
          />
        </div>
      )}
    </Card>
  );
}
