import { quoted } from "../store/naming.ts";
import type { Column, Table } from "../store/tables.ts";
import { badRequest } from "./problem.ts";

export const operators = ["eq", "ne", "gt", "gte", "lt", "lte", "in"] as const;
export type Operator = (typeof operators)[number];

/** A test of one column, its values checked and in the form PostgreSQL takes. */
export interface Condition {
  column: Column;
  operator: Operator;
  values: string[];
}

const maxListed = 100;
const maxText = 1_000;
const symbols = { eq: "=", ne: "<>", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

/** Columns that can be filtered and ordered by: everything but JSON documents. */
export function comparableColumns(table: Table): Column[] {
  return table.columns.filter(({ type }) => type !== "jsonb");
}

/** Operators that make sense for a column. */
export function operatorsOf(column: Column): readonly Operator[] {
  return column.type === "boolean" ? ["eq", "ne"] : operators;
}

/**
 * Checks a filter's column, operator and values.
 * @param path names the filter in errors.
 * @throws Problem 400 naming what is wrong and what would be right.
 */
export function readCondition(table: Table, path: string, columnName: string, operatorName: string, values: readonly string[]): Condition {
  const column = comparableColumns(table).find(({ name }) => name === columnName);
  if (!column) {
    throw badRequest(
      path,
      `${table.name} has no column ${columnName.slice(0, 64)} to filter by; it has ${comparableColumns(table)
        .map(({ name }) => name)
        .join(", ")}`,
    );
  }
  const operator = operatorsOf(column).find((known) => known === operatorName);
  if (!operator)
    throw badRequest(path, `${operatorName.slice(0, 64)} is no operator for ${column.name}; use ${operatorsOf(column).join(", ")}`);
  if (values.length === 0) throw badRequest(path, "give a value");
  if (operator === "in" ? values.length > maxListed : values.length > 1) {
    throw badRequest(path, operator === "in" ? `list at most ${maxListed} values` : `${operator} takes one value; use in for several`);
  }
  return { column, operator, values: values.map((value) => readValue(column, path, value)) };
}

/** Checks that a value may be compared with a column. @throws Problem 400 */
export function readValue(column: Column, path: string, value: string): string {
  switch (column.type) {
    case "integer":
    case "bigint":
      if (!/^-?\d{1,16}$/.test(value) || !Number.isSafeInteger(Number(value)))
        throw badRequest(path, `${column.name} is a whole number between -2^53 and 2^53, such as 42`);
      return value;
    case "numeric":
      if (!/^-?\d{1,78}$/.test(value))
        throw badRequest(path, `${column.name} is a whole number of at most 78 decimal digits, such as 1000000000000000000`);
      return value;
    case "boolean":
      if (value !== "true" && value !== "false") throw badRequest(path, `${column.name} is true or false`);
      return value;
    case "hex": {
      const form = column.bytes === null ? /^0x(?:[0-9a-f]{2}){0,500}$/i : new RegExp(`^0x[0-9a-f]{${column.bytes * 2}}$`, "i");
      if (!form.test(value))
        throw badRequest(path, `${column.name} is 0x and ${column.bytes === null ? "at most 1,000" : column.bytes * 2} hexadecimal digits`);
      return value.toLowerCase();
    }
    default:
      if (value.length > maxText || value.includes("\0"))
        throw badRequest(path, `${column.name} is a text of at most ${maxText} characters without NUL`);
      return value.toWellFormed();
  }
}

/** The type a parameter is given, so that an index on the column serves the comparison. */
export function parameterType(column: Column): string {
  if (column.type === "integer") return "bigint";
  return column.type === "hex" ? "bytea" : column.type;
}

/** A checked value as PostgreSQL reads it. */
export function parameterOf(column: Column, value: string): string {
  return column.type === "hex" ? value.replace(/^0x/, "\\x") : value;
}

/** SQL of a condition; appends its values to `parameters`. */
export function conditionSql({ column, operator, values }: Condition, parameters: unknown[]): string {
  const name = quoted(column.name);
  const given = values.map((value) => parameterOf(column, value));
  if (operator === "in") {
    parameters.push(given);
    return `${name} = ANY($${parameters.length}::${parameterType(column)}[])`;
  }
  parameters.push(given[0]);
  return `${name} ${symbols[operator]} $${parameters.length}::${parameterType(column)}`;
}
