import type { Column, Table, Tables } from "../store/tables.ts";
import type { AnswerBudget, Holding } from "./answer-budget.ts";
import type { Reader } from "./database.ts";
import { operatorsOf, readCondition } from "./filters.ts";
import { pageOf, pageSql } from "./page-sql.ts";
import { chainOrder, defaultLimit, maxRowsBytes, type PageQuery, type Row, readCursor, readLimit, readOrder } from "./pages.ts";
import { badRequest, Problem } from "./problem.ts";

const maxFilters = 20;

/** Answers `GET /rest`: the tables, their columns and how to ask for rows. */
export function describeTables(tables: Tables): unknown {
  return {
    tables: [tables.raw, ...tables.events].map((table) => ({
      name: table.name,
      event: table.event,
      path: `/rest/${table.name}`,
      columns: table.columns.map((column) => ({
        name: column.name,
        type: jsonType(column),
        description: column.description,
        nullable: column.nullable,
        operators: column.type === "jsonb" ? [] : operatorsOf(column),
      })),
    })),
  };
}

/** How a column's values look in JSON. */
function jsonType({ type }: Column): "number" | "string" | "boolean" | "json" {
  if (type === "integer" || type === "bigint") return "number";
  if (type === "jsonb") return "json";
  return type === "boolean" ? "boolean" : "string";
}

/**
 * Answers `GET /rest/{table}` with JSON, whose holding is to be released once it is sent or the caller is gone.
 * @throws Problem 404 for an unknown table, 400 for anything wrong in the query, 429 where too much is on its way to others.
 */
export async function answerRows(
  tables: Tables,
  { reader, budget }: { reader: Reader; budget: AnswerBudget },
  name: string,
  parameters: URLSearchParams,
): Promise<{ bytes: Buffer; holding: Holding }> {
  const table = [tables.raw, ...tables.events].find((known) => known.name === name);
  if (!table) throw new Problem(404, "unknown_table", `there is no table ${name.slice(0, 64)}; GET /rest lists those there are`);
  const query = readPageQuery(table, parameters);
  const bytes = await reader.snapshot(async (ask, syncedBlock) => {
    const { rows, nextCursor } = pageOf(query, await ask<Row>(pageSql(query)));
    // Written before the session is free for the next one: rows take several times the bytes of their answer.
    return Buffer.from(JSON.stringify({ data: rows, nextCursor, syncedBlock }));
  });
  // Only here, where nothing can fail any more: what a snapshot that fails at its end had taken would never be released.
  return { bytes, holding: budget.take(bytes.length) };
}

/** Reads `limit`, `order`, `cursor` and the filters, `column=value` or `column.operator=value`. @throws Problem 400 */
function readPageQuery(table: Table, parameters: URLSearchParams): PageQuery {
  const single = (name: string): string | null => {
    const [value = null, ...more] = parameters.getAll(name);
    if (more.length > 0) throw badRequest(name, `${name} stands in the query more than once`);
    return value;
  };
  const orderText = single("order");
  const cursor = single("cursor");
  const order = orderText === null ? chainOrder(table) : readOrder(table, "order", orderText);
  const query: PageQuery = {
    table,
    conditions: [],
    order,
    limit: readLimit("limit", single("limit") ?? defaultLimit),
    after: cursor === null ? null : readCursor(table, order, "cursor", cursor),
    asked: table.columns.map((column) => ({ key: column.name, column })),
    maxBytes: maxRowsBytes,
  };
  for (const parameter of new Set(parameters.keys())) {
    if (parameter === "order" || parameter === "cursor" || parameter === "limit") continue;
    if (query.conditions.length === maxFilters) throw badRequest(parameter, `use at most ${maxFilters} filters`);
    const [column = "", operator = "eq", ...rest] = parameter.split(".");
    if (rest.length > 0) throw badRequest(parameter, "a filter is column=value or column.operator=value");
    const given = parameters.getAll(parameter);
    // Texts may hold commas: several of them are given by repeating the parameter.
    const isText = table.columns.some(({ name, type }) => name === column && type === "text");
    query.conditions.push(
      readCondition(table, parameter, column, operator, operator === "in" && !isText ? given.flatMap((value) => value.split(",")) : given),
    );
  }
  return query;
}
