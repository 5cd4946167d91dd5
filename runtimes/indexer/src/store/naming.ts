import { createHash } from "node:crypto";
import type { EventShape } from "../abi/event.ts";

/** PostgreSQL cuts longer identifiers off. Names here are ASCII, so bytes are characters. */
const maxIdentifier = 63;

/** Columns that every event table has, in front of the event's own. */
const keyColumnNames = ["block_number", "log_index", "block_hash", "transaction_hash", "block_timestamp", "address"] as const;

/** Column names PostgreSQL keeps for itself. */
const systemColumns = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid"];

/** The table of raw logs: an event called `Logs` gets a suffix. */
export const rawTableName = "logs";

/**
 * A Solidity name as an identifier that needs no quotes in SQL, a URL or GraphQL: `tokenURI` → `token_uri`, `_from` → `from`.
 * Empty where nothing of the name is left. ABIs are free text here: everything but letters, digits and `_` becomes `_`.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/**
 * A table name for each distinct event, by the event's key: its name in snake case, followed by 8 digits of a hash of the whole
 * declaration where the plain name is taken by the raw table, too long, or claimed by another event (overloads, `fooBar` beside `foo_bar`, one
 * signature with other indexed flags). Depends on the set of events alone, never on their order.
 */
export function nameTables(shapes: readonly EventShape[]): Map<string, string> {
  const distinct = new Map([...shapes].sort((a, b) => (a.key < b.key ? -1 : 1)).map((shape) => [shape.key, shape]));
  const claims = new Map<string, number>();
  for (const shape of distinct.values()) {
    const plain = plainTableName(shape);
    claims.set(plain, (claims.get(plain) ?? 0) + 1);
  }
  const isPlain = (shape: EventShape): boolean => {
    const plain = plainTableName(shape);
    return claims.get(plain) === 1 && plain !== rawTableName && plain.length <= maxIdentifier;
  };
  const taken = new Set([...distinct.values()].filter(isPlain).map(plainTableName));
  const names = new Map<string, string>();
  for (const shape of distinct.values()) {
    const name = isPlain(shape) ? plainTableName(shape) : suffixed(plainTableName(shape), shape.key, taken);
    taken.add(name);
    names.set(shape.key, name);
  }
  return names;
}

function plainTableName(shape: EventShape): string {
  const name = snakeCase(shape.name);
  // PostgreSQL looks into pg_catalog before every other schema, so a table called `pg_class` could never be asked by its name.
  return /^(?!pg_)[a-z]/.test(name) ? name : `event_${name}`.replace(/_$/, "");
}

function suffixed(plain: string, key: string, taken: ReadonlySet<string>): string {
  const hash = createHash("sha256").update(key).digest("hex");
  // An event may be called as a suffixed name would be; a longer suffix then tells them apart.
  for (let digits = 8; digits < hash.length / 2; digits += 8) {
    const name = `${plain.slice(0, maxIdentifier - digits - 1)}_${hash.slice(0, digits)}`;
    if (!taken.has(name)) return name;
  }
  return `event_${hash.slice(0, 48)}`;
}

/**
 * Column names of an event's parameters, in order: snake case; `arg0`, `arg1`, … for unnamed ones; with `arg_` in front where the plain name
 * is a key column's or PostgreSQL's own; with the position behind where two would be equal or the name is too long.
 */
export function nameColumns(parameterNames: readonly string[]): string[] {
  const taken = new Set<string>([...keyColumnNames, ...systemColumns]);
  const plain = parameterNames.map((parameter, position) => {
    const name = snakeCase(parameter);
    if (name === "") return `arg${position}`;
    return taken.has(name) || !/^[a-z]/.test(name) ? `arg_${name}` : name;
  });
  const claims = new Map<string, number>();
  for (const name of plain) claims.set(name, (claims.get(name) ?? 0) + 1);
  const settled = new Set(plain.filter((name) => claims.get(name) === 1 && name.length <= maxIdentifier && !taken.has(name)));
  return plain.map((name, position) => {
    if (settled.has(name)) return name;
    let suffix = `_${position}`;
    while (settled.has(name.slice(0, maxIdentifier - suffix.length) + suffix)) suffix += "_";
    const unique = name.slice(0, maxIdentifier - suffix.length) + suffix;
    settled.add(unique);
    return unique;
  });
}

/** An identifier in SQL: quoted, since `from`, `to` and `order` are common names of parameters. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
