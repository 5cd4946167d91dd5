import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine } from "./machine.ts";

/** One figure of a run. */
export interface Measure {
  name: string;
  value: number;
  unit: string;
  /** The same work without Obelisk, in the same run: the figure divided by the limit's. */
  limit?: { name: string; value: number; ratio: number };
  aim?: { text: string; met: boolean };
}

export interface Section {
  name: string;
  measures: Measure[];
}

/** The value of a sorted list below which this share of it lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function against(name: string, limit: number, value: number): NonNullable<Measure["limit"]> {
  return { name, value: limit, ratio: value / limit };
}

export function aim(text: string, met: boolean): NonNullable<Measure["aim"]> {
  return { text, met };
}

/** Prints a section as lines of aligned columns. */
export function printSection({ name, measures }: Section): void {
  console.log(`\n${name}`);
  for (const measure of measures) {
    const limit = measure.limit ? `${percent(measure.limit.ratio)} of ${measure.limit.name} (${figure(measure.limit.value)})` : "";
    const goal = measure.aim ? `${measure.aim.met ? "met" : "MISSED"}: ${measure.aim.text}` : "";
    console.log(
      `  ${measure.name.padEnd(44)} ${figure(measure.value).padStart(10)} ${measure.unit.padEnd(9)} ${limit.padEnd(46)} ${goal}`.trimEnd(),
    );
  }
}

function percent(ratio: number): string {
  return ratio >= 2 ? `${ratio.toFixed(1)} ×` : `${Math.round(ratio * 100)} %`;
}

function figure(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

/** Writes the run to `bench/results/<time>.json` and gives the path. */
export function writeResults(sections: readonly Section[], startedAt: Date): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${startedAt.toISOString().replace(/[:.]/g, "-")}.json`);
  writeFileSync(path, `${JSON.stringify({ startedAt, machine: describeMachine(), sections }, null, 2)}\n`);
  return path;
}
