import type { Json } from "./chain-events.ts";

export type Row = Record<string, Json>;

/** Differences named before the rest are only counted. */
const namedAtMost = 20;

export interface Comparison {
  /** Rows found equal in every field. */
  equal: number;
  /** One line each, the first ones only. */
  differences: string[];
  /** How many there are in all. */
  differing: number;
}

/** Compares rows with what they must be, field by field; rows are told apart by block and position in it. */
export function compareRows(table: string, expected: readonly Row[], found: readonly Row[]): Comparison {
  const differences: string[] = [];
  let equal = 0;
  const rest = new Map<string, Row>();
  for (const row of found) {
    if (rest.has(place(row))) differences.push(`${table} ${place(row)}: is there twice`);
    rest.set(place(row), row);
  }
  for (const wanted of expected) {
    const row = rest.get(place(wanted));
    rest.delete(place(wanted));
    const faults = row ? fieldFaults(wanted, row) : ["is missing"];
    if (faults.length === 0) equal += 1;
    for (const fault of faults) differences.push(`${table} ${place(wanted)}: ${fault}`);
  }
  for (const key of rest.keys()) differences.push(`${table} ${key}: is not on the chain`);
  return { equal, differences: differences.slice(0, namedAtMost), differing: differences.length };
}

function place(row: Row): string {
  return `block ${row["block_number"]} log ${row["log_index"]}`;
}

function fieldFaults(wanted: Row, row: Row): string[] {
  const fields = new Set([...Object.keys(wanted), ...Object.keys(row)]);
  return [...fields]
    .filter((field) => canonical(wanted[field]) !== canonical(row[field]))
    .map((field) => `${field} is ${canonical(row[field])}, on the chain ${canonical(wanted[field])}`);
}

/** JSON with the keys of objects in order, so that only values count. */
function canonical(value: Json | undefined): string {
  if (value === undefined) return "absent";
  return JSON.stringify(value, (_, part: Json) =>
    part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort()) : part,
  );
}
