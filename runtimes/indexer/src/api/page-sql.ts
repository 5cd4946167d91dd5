import { quoted } from "../store/naming.ts";
import type { Column, Table } from "../store/tables.ts";
import { type Condition, conditionSql, parameterOf, parameterType } from "./filters.ts";
import { JsonText } from "./json-text.ts";
import { type Asked, orderedBeginning, type PageQuery, type Row, writeCursor } from "./pages.ts";
import { Problem } from "./problem.ts";

/** Rows that are measured in one step, once the first few are. */
const measuredRows = 16;

/**
 * SQL of a page: one row more than its limit, which tells whether another page follows. Where values of any size are asked for, PostgreSQL adds
 * up what the rows take and leaves out those above the query's bytes, so that they never come here; of the first one left out the key does,
 * its block number turned into `-1 - block_number`. To measure a row is to read it and write its JSON, so it measures a few rows at a time
 * and stops once they are too many: what is behind them stays as it is stored.
 */
export function pageSql(query: PageQuery): { text: string; values: unknown[] } {
  const { table, order, after, asked, maxBytes } = query;
  const values: unknown[] = [];
  const tests = query.conditions.map((condition) => conditionSql(condition, values));
  const direction = order.descending ? "DESC" : "ASC";
  const byKey = order.column.name === "block_number";
  const keys = byKey ? ["block_number", "log_index"] : [orderSql(order.column), "block_number", "log_index"];
  if (after) {
    const place = byKey ? [after.block, after.log] : [parameterOf(order.column, after.value), after.block, after.log];
    const types = byKey ? ["bigint", "integer"] : [parameterType(order.column), "bigint", "integer"];
    const parameters = place.map((part, i) => `$${values.push(part)}::${types[i]}`);
    tests.push(`(${keys.join(", ")}) ${order.descending ? "<" : ">"} (${parameters.join(", ")})`);
  }
  const needed = neededColumns(query);
  const orderBy = keys.map((key) => `${key} ${direction}`).join(", ");
  const select = needed.map(({ column, isAsked }) =>
    isAsked ? quoted(column.name) : `${orderedBeginning(column, quoted(column.name))} AS ${quoted(column.name)}`,
  );
  const page = `SELECT ${select.join(", ")} FROM ${quoted(table.name)}${where(tests)} ORDER BY ${orderBy} LIMIT ${rowLimit(query) + 1}`;
  const variable = asked.flatMap(({ column }) => (column && isVariable(column) ? [column] : []));
  if (variable.length === 0) return { text: page, values };

  // OFFSET 0 keeps a step's expressions where they stand: sizes are computed once, and no text is made before it is known that its row fits, or
  // carried through a sort. No table's or column's name begins with _.
  const rowSize = [fixedBytes(asked), ...variable.map(variableBytesSql)].join(" + ");
  const fits = `_before + _size <= ${maxBytes}`;
  const fitting = needed.map(({ column, isAsked }) => {
    const name = quoted(column.name);
    if (column.name === "block_number") return `CASE WHEN ${fits} THEN ${name} ELSE -1 - ${name} END AS ${name}`;
    if (!isAsked || !isVariable(column)) return name;
    return `CASE WHEN ${fits} THEN ${column.type === "jsonb" ? `${name}::text` : name} END AS ${name}`;
  });
  const text = `WITH RECURSIVE _page AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY ${orderBy}) AS _row FROM (${page}) AS unnumbered),
    _steps AS (
      SELECT ARRAY[]::bigint[] AS _sizes, 0::bigint AS _bytes
      UNION ALL
      SELECT _sizes || _more, _bytes + _added FROM _steps, LATERAL (
        SELECT array_agg(_size ORDER BY _row) AS _more, sum(_size)::bigint AS _added FROM (
          SELECT _row, (${rowSize})::bigint AS _size FROM _page
          WHERE _row > cardinality(_sizes) AND _row <= cardinality(_sizes) + least(cardinality(_sizes) + 1, ${measuredRows}) OFFSET 0
        ) AS step
      ) AS measured WHERE _bytes <= ${maxBytes} AND _more IS NOT NULL
    ),
    _sized AS (
      SELECT _row, _size, sum(_size) OVER (ORDER BY _row) - _size AS _before
      FROM unnest((SELECT _sizes FROM _steps ORDER BY cardinality(_sizes) DESC LIMIT 1)) WITH ORDINALITY AS sizes (_size, _row)
    )
    SELECT ${fitting.join(", ")} FROM (
      SELECT * FROM _page JOIN _sized USING (_row) WHERE _before <= ${maxBytes} ORDER BY _row OFFSET 0
    ) AS whole ORDER BY _row`;
  return { text, values };
}

/** SQL of how many rows the conditions leave. */
export function countSql(table: Table, conditions: Condition[]): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const tests = conditions.map((condition) => conditionSql(condition, values));
  return { text: `SELECT count(*) AS count FROM ${quoted(table.name)}${where(tests)}`, values };
}

/**
 * Takes the row off that only tells that there are more, and makes the cursor of the next page.
 * @throws Problem 400 where already the first row is too large.
 */
export function pageOf(query: PageQuery, rows: Row[]): { rows: Row[]; nextCursor: string | null } {
  const limit = rowLimit(query);
  const behind = rows.length > limit || Number(rows.at(-1)?.block_number) < 0 ? rows.at(-1) : undefined;
  const page = behind ? rows.slice(0, -1) : rows;
  const last = page.at(-1);
  if (behind && !last) throw tooLarge(query, behind);
  for (const { column } of query.asked) {
    if (column?.type !== "jsonb") continue;
    for (const row of page) if (typeof row[column.name] === "string") row[column.name] = new JsonText(row[column.name] as string);
  }
  return { rows: page, nextCursor: behind && last ? writeCursor(query, last) : null };
}

function tooLarge({ maxBytes }: PageQuery, row: Row): Problem {
  return new Problem(
    400,
    "query_too_complex",
    `the row with block_number ${-1 - Number(row.block_number)} and log_index ${row.log_index} alone takes more than the ${maxBytes} bytes there is room for: ask for fewer columns or tables with GraphQL`,
  );
}

/** Columns that are asked for, and those a cursor is made of. */
function neededColumns({ table, order, asked }: PageQuery): { column: Column; isAsked: boolean }[] {
  const wanted = new Set(asked.map(({ column }) => column?.name));
  const place = new Set([order.column.name, "block_number", "log_index"]);
  return table.columns
    .filter(({ name }) => wanted.has(name) || place.has(name))
    .map((column) => ({ column, isAsked: wanted.has(column.name) }));
}

function orderSql(column: Column): string {
  return orderedBeginning(column, column.nullable ? `coalesce(${quoted(column.name)}, '')` : quoted(column.name));
}

function where(tests: readonly string[]): string {
  return tests.length > 0 ? ` WHERE ${tests.join(" AND ")}` : "";
}

/** Rows that a page may have: fewer than asked where their columns are so many that these alone fill it. */
function rowLimit({ limit, asked, maxBytes }: PageQuery): number {
  return Math.max(1, Math.min(limit, Math.floor(maxBytes / fixedBytes(asked))));
}

function isVariable({ type, bytes }: Column): boolean {
  return type === "text" || type === "jsonb" || (type === "hex" && bytes === null);
}

/** Most bytes of JSON a row takes beside what its values of any size hold. */
function fixedBytes(asked: readonly Asked[]): number {
  // Each value with its name in quotes, a colon and a comma.
  return asked.reduce((sum, { key, column }) => sum + key.length + 4 + valueBytes(column), 2);
}

function valueBytes(column: Column | null): number {
  switch (column?.type) {
    case "boolean":
      return 5;
    case "integer":
      return 11;
    case "bigint":
      return 17;
    // 256 bits with their sign, in quotes.
    case "numeric":
      return 81;
    case "hex":
      return 4 + (column.bytes ?? 0) * 2;
    case "text":
    case "jsonb":
      return 4;
    // The name of a type: a table's with a suffix.
    default:
      return 72;
  }
}

/** Bytes of a value of any size in JSON. That of `bytea` is known without reading it. */
function variableBytesSql({ name, type, nullable }: Column): string {
  const column = quoted(name);
  const bytes = type === "hex" ? `2 * octet_length(${column})` : `octet_length(${type === "text" ? `to_json(${column})` : column}::text)`;
  return nullable ? `coalesce(${bytes}, 0)` : bytes;
}
