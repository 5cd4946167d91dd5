import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { gaps, niceCeiling } from "./chart-scale.ts";
import { exactTime } from "./format.ts";
import { Table, Td, Th } from "./table.tsx";

export interface ChartPoint {
  /** ISO instant. */
  at: string;
  /** Null where nothing was measured: the line is broken there. */
  value: number | null;
  /** More columns of the same moment, shown on hover and in the table. */
  more?: string[];
}

interface ChartProps {
  title: string;
  points: readonly ChartPoint[];
  format: (value: number) => string;
  /** Headings of `more`. */
  moreTitles?: string[];
  /** Smallest top of the scale, so that noise near zero doesn't fill the chart. */
  atLeast: number;
  /** The time the chart covers, in milliseconds since 1970; points lie within it. */
  from: number;
  to: number;
  /** What the scale is round in: 1,048,576 for memory shown in MiB. */
  unit?: number;
}

/** Milliseconds after which a measurement says nothing of the present; one is taken every 15 s, and asked for as often. */
const presentMs = 90_000;

/** Shares of the chart's width without a measurement over which no line is drawn: three of the points a chart has at most. */
const widestGap = 1 / 80;

const height = 132;
const top = 18;
const bottom = 20;

/**
 * One measure over time. The same numbers stand in a table behind the chart's own switch; arrow keys walk the points. Drawn here rather
 * than by a chart library: the smallest of those weighs as much as this whole dashboard, and the budget of a page is 250 KB.
 */
export function Chart(props: ChartProps) {
  const { title, points, format, moreTitles = [], to } = props;
  const [asTable, setAsTable] = useState(false);
  const known = points.filter((point) => point.value !== null);
  const last = known.at(-1);
  const current = last && to - Date.parse(last.at) < presentMs ? last.value : null;
  return (
    <figure className="min-w-0">
      <figcaption className="mb-2 flex items-baseline justify-between gap-3 text-[13px]">
        <span>
          <span className="font-medium">{title}</span>
          {last ? <span className="ml-2 text-soft tabular-nums">{current === null ? "–" : format(current)}</span> : null}
        </span>
        {known.length > 0 ? (
          <button
            type="button"
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
            className="min-h-6 text-xs text-soft underline underline-offset-4 hover:text-ink"
          >
            {asTable ? "As a chart" : "As a table"}
          </button>
        ) : null}
      </figcaption>
      {known.length === 0 ? (
        <p className="flex h-33 items-center justify-center rounded-md border border-dashed border-line text-[13px] text-faint">
          No measurements in this time
        </p>
      ) : asTable ? (
        <div className="max-h-72 overflow-y-auto rounded-md border border-line">
          <Table
            caption={title}
            head={
              <>
                <Th>Time</Th>
                <Th className="text-right">{title}</Th>
                {moreTitles.map((each) => (
                  <Th key={each} className="text-right">
                    {each}
                  </Th>
                ))}
              </>
            }
          >
            {points.toReversed().map((point) => (
              <tr key={point.at}>
                <Td className="py-1.5! whitespace-nowrap">{exactTime(point.at)}</Td>
                <Td className="py-1.5! text-right tabular-nums">{point.value === null ? "–" : format(point.value)}</Td>
                {moreTitles.map((each, index) => (
                  <Td key={each} className="py-1.5! text-right tabular-nums">
                    {point.more?.[index] ?? "–"}
                  </Td>
                ))}
              </tr>
            ))}
          </Table>
        </div>
      ) : (
        <Plot {...props} />
      )}
    </figure>
  );
}

function Plot({ title, points, format, moreTitles = [], atLeast, from, to, unit = 1 }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const fill = useId();
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const times = points.map((point) => Date.parse(point.at));
  const span = Math.max(1, to - from);
  const ceiling = niceCeiling(Math.max(atLeast, ...points.map((point) => point.value ?? 0)) / unit) * unit;
  const x = (index: number) => (((times[index] ?? from) - from) / span) * width;
  const y = (value: number) => top + (1 - value / ceiling) * (height - top - bottom);
  const longestGap = Math.max(60_000, span * widestGap);
  const segments = gaps(
    points.map((point) => point.value),
    (index) => (times[index] ?? 0) - (times[index - 1] ?? 0) > longestGap,
  );
  const chosen = at === null ? undefined : points[at];

  const nearest = (event: PointerEvent) => {
    const left = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0);
    const wanted = from + (left / Math.max(1, width)) * span;
    let best = 0;
    times.forEach((time, index) => {
      if (Math.abs(time - wanted) < Math.abs((times[best] ?? 0) - wanted)) best = index;
    });
    setAt(best);
  };
  const walk = (event: KeyboardEvent) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    setAt((before) => Math.min(points.length - 1, Math.max(0, (before ?? points.length - 1) + step)));
  };

  return (
    <div
      ref={frame}
      role="slider"
      aria-label={`${title}; arrow keys walk the measurements`}
      aria-valuemin={0}
      aria-valuemax={points.length - 1}
      aria-valuenow={at ?? points.length - 1}
      aria-valuetext={describe(chosen ?? points.at(-1), format)}
      tabIndex={0}
      onPointerMove={nearest}
      onPointerLeave={() => setAt(null)}
      onBlur={() => setAt(null)}
      onKeyDown={walk}
      className="relative h-33 touch-pan-y"
    >
      <svg width={width} height={height} aria-hidden="true" className="block">
        <defs>
          <linearGradient id={fill} x1="0" x2="0" y1="0" y2="1">
            <stop offset="0" stopColor="var(--accent)" stopOpacity="0.22" />
            <stop offset="1" stopColor="var(--accent)" stopOpacity="0.02" />
          </linearGradient>
        </defs>
        {[0, 0.5, 1].map((share) => (
          <line key={share} x1={0} x2={width} y1={y(ceiling * share)} y2={y(ceiling * share)} stroke="var(--line)" />
        ))}
        <text x={0} y={y(ceiling) - 5} fill="var(--faint)" fontSize="11">
          {format(ceiling)}
        </text>
        <text x={0} y={height - 5} fill="var(--faint)" fontSize="11">
          {clock(from)}
        </text>
        <text x={width} y={height - 5} fill="var(--faint)" fontSize="11" textAnchor="end">
          {clock(to)}
        </text>
        {segments.map(([first, last]) => {
          const line = Array.from({ length: last - first + 1 }, (_, step) => `${x(first + step)},${y(points[first + step]?.value ?? 0)}`);
          return (
            <g key={first}>
              <polygon points={`${x(first)},${y(0)} ${line.join(" ")} ${x(last)},${y(0)}`} fill={`url(#${fill})`} />
              <polyline points={line.join(" ")} fill="none" stroke="var(--accent)" strokeWidth="1.5" strokeLinejoin="round" />
              {first === last ? <circle cx={x(first)} cy={y(points[first]?.value ?? 0)} r="2" fill="var(--accent)" /> : null}
            </g>
          );
        })}
        {at !== null && chosen ? (
          <g>
            <line x1={x(at)} x2={x(at)} y1={top} y2={height - bottom} stroke="var(--line-strong)" strokeDasharray="2 2" />
            {chosen.value === null ? null : (
              <circle cx={x(at)} cy={y(chosen.value)} r="3.5" fill="var(--accent)" stroke="var(--surface)" strokeWidth="1.5" />
            )}
          </g>
        ) : null}
      </svg>
      {at !== null && chosen ? (
        <div
          className="pointer-events-none absolute top-0 z-10 rounded-md bg-ink px-2 py-1 text-xs whitespace-nowrap text-canvas"
          style={x(at) > width / 2 ? { right: width - x(at) + 8 } : { left: x(at) + 8 }}
        >
          <span className="block font-medium tabular-nums">{chosen.value === null ? "No measurement" : format(chosen.value)}</span>
          {moreTitles.map((each, index) => (
            <span key={each} className="block tabular-nums">
              {each} {chosen.more?.[index] ?? "–"}
            </span>
          ))}
          <span className="block">{clock(Date.parse(chosen.at), true)}</span>
        </div>
      ) : null}
    </div>
  );
}

function describe(point: ChartPoint | undefined, format: (value: number) => string): string {
  if (!point) return "no measurement";
  return `${point.value === null ? "no measurement" : format(point.value)} at ${exactTime(point.at)}`;
}

const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function clock(time: number | undefined, precise = false): string {
  return time === undefined || Number.isNaN(time) ? "" : (precise ? seconds : minutes).format(time);
}
