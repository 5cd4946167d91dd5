import {
  GraphQLEnumType,
  type GraphQLFieldConfig,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
} from "graphql";
import type { Table, Tables } from "../store/tables.ts";
import type { Progress } from "../sync/progress.ts";
import type { Ask } from "./database.ts";
import { type Condition, comparableColumns, readCondition } from "./filters.ts";
import { askedValues } from "./graphql-asked.ts";
import { filterInput, long, scalarOf } from "./graphql-scalars.ts";
import { countSql, pageOf, pageSql } from "./page-sql.ts";
import { type Asked, chainOrder, defaultLimit, maxLimit, type PageQuery, type Row, readCursor, readLimit, readOrder } from "./pages.ts";
import { badRequest } from "./problem.ts";

/** What resolvers of one request share: a snapshot of the database. */
export interface QueryContext {
  ask: Ask;
  syncedBlock: number | null;
  /** Most that the rows of each page may take in the answer. */
  pageBytes: number;
}

interface PageArguments {
  where?: Record<string, Record<string, unknown> | null> | null;
  orderBy?: { column: string; direction: string } | null;
  first?: number | null;
  after?: string | null;
}

interface PageSource {
  rows: Row[];
  nextCursor: string | null;
  table: Table;
  conditions: Condition[];
}

/** The GraphQL schema of a deployment: a field of pages for each table, and `_meta`. */
export function graphqlSchemaOf(tables: Tables, progress: Progress, chainId: number): GraphQLSchema {
  const fields: Record<string, GraphQLFieldConfig<unknown, QueryContext>> = { _meta: metaField(progress, chainId) };
  for (const table of [tables.raw, ...tables.events]) fields[table.name] = pageField(table);
  return new GraphQLSchema({ query: new GraphQLObjectType({ name: "Query", fields }) });
}

function metaField(progress: Progress, chainId: number): GraphQLFieldConfig<unknown, QueryContext> {
  return {
    description: "How far the answer reaches",
    type: new GraphQLNonNull(
      new GraphQLObjectType({
        name: "Meta",
        fields: {
          syncedBlock: { type: long, description: "Last block whose events are all in this answer" },
          headBlock: { type: long, description: "Last block of the chain as far as seen" },
          chainId: { type: new GraphQLNonNull(GraphQLString) },
        },
      }),
    ),
    resolve: (_source, _arguments, { syncedBlock }) => ({ syncedBlock, headBlock: progress.headBlock, chainId: String(chainId) }),
  };
}

/** Types are named after the table with a suffix, which keeps them apart from each other and from every scalar. */
function pageField(table: Table): GraphQLFieldConfig<unknown, QueryContext> {
  const comparable = comparableColumns(table);
  const row = new GraphQLObjectType({
    name: `${table.name}_row`,
    fields: Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        { type: column.nullable ? scalarOf(column) : new GraphQLNonNull(scalarOf(column)), description: column.description },
      ]),
    ),
  });
  const page = new GraphQLObjectType<PageSource, QueryContext>({
    name: `${table.name}_page`,
    fields: {
      rows: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(row))) },
      nextCursor: {
        type: GraphQLString,
        description: "Pass as `after` for the next page; null on the last one. Large rows end a page early",
      },
      totalCount: {
        type: new GraphQLNonNull(GraphQLString),
        description: "Rows that `where` leaves, all pages together. Costly on large tables",
        async resolve(source, _arguments, { ask }) {
          const [counted] = await ask<{ count: number }>(countSql(source.table, source.conditions));
          return String(counted?.count ?? 0);
        },
      },
    },
  });
  const where = new GraphQLInputObjectType({
    name: `${table.name}_where`,
    fields: Object.fromEntries(comparable.map((column) => [column.name, { type: filterInput(column) }])),
  });
  const order = new GraphQLInputObjectType({
    name: `${table.name}_order`,
    fields: {
      column: {
        type: new GraphQLNonNull(
          new GraphQLEnumType({
            name: `${table.name}_column`,
            values: Object.fromEntries(comparable.map(({ name }) => [enumName(name), { value: name }])),
          }),
        ),
      },
      direction: { type: direction, defaultValue: "asc" },
    },
  });
  return {
    description: table.event === null ? "Every log of the contracts, decoded or not" : table.event,
    type: new GraphQLNonNull(page),
    args: {
      where: { type: where },
      orderBy: { type: order },
      first: { type: GraphQLInt, defaultValue: defaultLimit, description: `1 to ${maxLimit}` },
      after: { type: GraphQLString },
    },
    async resolve(_source, args: PageArguments, { ask, pageBytes }, info): Promise<PageSource> {
      const query = readArguments(table, args, askedValues(table, info), pageBytes);
      return { ...pageOf(query, await ask<Row>(pageSql(query))), table, conditions: query.conditions };
    },
  };
}

const direction = new GraphQLEnumType({ name: "Direction", values: { asc: { value: "asc" }, desc: { value: "desc" } } });

/** GraphQL forbids these three as enum values. */
function enumName(column: string): string {
  return column === "true" || column === "false" || column === "null" ? `${column}_` : column;
}

function readArguments(table: Table, args: PageArguments, asked: readonly Asked[], maxBytes: number): PageQuery {
  const order = args.orderBy ? readOrder(table, "orderBy", `${args.orderBy.column}.${args.orderBy.direction}`) : chainOrder(table);
  const conditions: Condition[] = [];
  for (const [column, tests] of Object.entries(args.where ?? {})) {
    for (const [operator, value] of Object.entries(tests ?? {})) {
      const path = `where.${column}.${operator}`;
      if (value === null) throw badRequest(path, "null is no value to compare with; leave the filter out");
      conditions.push(readCondition(table, path, column, operator, Array.isArray(value) ? value.map(String) : [String(value)]));
    }
  }
  return {
    table,
    conditions,
    order,
    limit: readLimit("first", args.first ?? defaultLimit),
    after: args.after ? readCursor(table, order, "after", args.after) : null,
    asked,
    maxBytes,
  };
}
