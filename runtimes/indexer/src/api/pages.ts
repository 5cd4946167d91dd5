import type { Column, Table } from "../store/tables.ts";
import { type Condition, comparableColumns, readValue } from "./filters.ts";
import { badRequest } from "./problem.ts";

export const maxLimit = 1_000;
export const defaultLimit = 100;

/**
 * Most that the rows of one answer may take, as JSON. Each of the three database sessions holds so much as texts and objects at a time, of
 * several times the size, in a program that has 512 MiB.
 */
export const maxRowsBytes = 8 * 1024 * 1024;

export interface Order {
  column: Column;
  descending: boolean;
}

/** A row's place in an order: the value ordered by and the row's key. */
interface Place {
  value: string;
  block: number;
  log: number;
}

/** A value that stands in each row of an answer, and what it is called there. Without a column it is the name of the row's type. */
export interface Asked {
  key: string;
  column: Column | null;
}

export interface PageQuery {
  table: Table;
  conditions: Condition[];
  order: Order;
  limit: number;
  after: Place | null;
  asked: readonly Asked[];
  /** Most that the rows may take in the answer: a page of larger ones ends early. */
  maxBytes: number;
}

export type Row = Record<string, unknown>;

/** The order a table is read in unless told: that of the chain. */
export function chainOrder(table: Table): Order {
  const [column] = table.columns;
  if (!column) throw new Error(`${table.name} has no columns`);
  return { column, descending: false };
}

/** Reads `column`, `column.asc` or `column.desc`. @throws Problem 400 naming the columns there are. */
export function readOrder(table: Table, path: string, text: string): Order {
  const [name, direction = "asc", ...rest] = text.split(".");
  const columns = comparableColumns(table);
  const column = columns.find((known) => known.name === name);
  if (!column)
    throw badRequest(
      path,
      `${table.name} has no column ${String(name).slice(0, 64)} to order by; it has ${columns.map((known) => known.name).join(", ")}`,
    );
  if ((direction !== "asc" && direction !== "desc") || rest.length > 0)
    throw badRequest(path, `order is column.asc or column.desc, such as ${column.name}.desc`);
  return { column, descending: direction === "desc" };
}

/** @throws Problem 400 for anything but a whole number from 1 to `maxLimit`. */
export function readLimit(path: string, value: string | number): number {
  const limit = typeof value === "number" ? value : /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) throw badRequest(path, `${path} is a whole number from 1 to ${maxLimit}`);
  return limit;
}

/** Texts and bytes of any length are ordered by their beginning, so that a cursor stays short. */
const orderedCharacters = 128;
const orderedBytes = orderedCharacters / 2 - 1;

/** Whether a column is ordered by the beginning of its values. */
function isUnbounded(column: Column): boolean {
  return column.type === "text" || (column.type === "hex" && column.bytes === null);
}

/** SQL of what a column is ordered by, given the column in SQL. */
export function orderedBeginning(column: Column, sql: string): string {
  if (!isUnbounded(column)) return sql;
  return column.type === "hex" ? `substring(${sql}, 1, ${orderedBytes})` : `left(${sql}, ${orderedCharacters})`;
}

/** The cursor behind a row. A text or bytes of any length need only begin as the row's value does, see `orderedBeginning`. */
export function writeCursor({ table, order }: PageQuery, row: Row): string {
  const value = row[order.column.name];
  // As `left` does, in characters rather than UTF-16 units.
  const text =
    value === null
      ? ""
      : isUnbounded(order.column)
        ? [...String(value).slice(0, orderedCharacters * 2)].slice(0, orderedCharacters).join("")
        : String(value);
  const place = [table.name, order.column.name, order.descending ? 1 : 0, text, row.block_number, row.log_index];
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** @throws Problem 400 for a cursor that isn't one of this table and order. */
export function readCursor(table: Table, order: Order, path: string, cursor: string): Place {
  const wrong = badRequest(
    path,
    "the cursor does not belong to this table and order: use nextCursor of the page before, or none for the first page",
  );
  if (cursor.length > 4_096) throw wrong;
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw wrong;
  }
  if (!Array.isArray(place) || place.length !== 6) throw wrong;
  const [name, column, descending, value, block, log] = place as unknown[];
  if (name !== table.name || column !== order.column.name || descending !== (order.descending ? 1 : 0) || typeof value !== "string")
    throw wrong;
  if (!Number.isSafeInteger(block) || !Number.isSafeInteger(log) || Math.abs(Number(log)) > 2 ** 31 - 1) throw wrong;
  const checked =
    order.column.nullable && value === ""
      ? ""
      : isUnbounded(order.column)
        ? value.replaceAll("\0", "")
        : readValue(order.column, path, value);
  return { value: checked, block: Number(block), log: Number(log) };
}
