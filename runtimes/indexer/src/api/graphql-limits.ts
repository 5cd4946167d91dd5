import { type DocumentNode, type FieldNode, type FragmentDefinitionNode, Kind, type SelectionSetNode } from "graphql";
import { defaultLimit, maxLimit } from "./pages.ts";
import { Problem } from "./problem.ts";

/** Bounds of one GraphQL request. Cost: for every page asked, rows × columns, and `countCost` for each count of a whole table. */
export const limits = {
  documentCharacters: 16_384,
  tokens: 2_000,
  depth: 6,
  introspectionDepth: 16,
  aliases: 15,
  pages: 10,
  /** An answer to either is as large as the schema. */
  schemas: 1,
  types: 4,
  fields: 2_000,
  cost: 50_000,
} as const;

const countCost = 5_000;

/**
 * Refuses a document that would cost too much, before it is validated or run.
 * @param variables as sent; where `first` isn't a number among them, the most it can be is counted.
 * @returns how many pages the document asks for, and whether it asks about the schema instead.
 * @throws Problem 400 naming the limit.
 */
export function assertWithinLimits(document: DocumentNode, variables: Record<string, unknown>): { pages: number; aboutSchema: boolean } {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const totals = { aliases: 0, pages: 0, schemas: 0, types: 0, fields: 0, cost: 0 };
  const count = (name: keyof typeof totals, amount: number): void => {
    totals[name] += amount;
    if (totals[name] > limits[name]) throw tooMuch(name, limits[name]);
  };

  /** Walks a selection; `rows` is how many times its leaves are answered. */
  const walk = (selection: SelectionSetNode, depth: number, deepest: number, rows: number, open: readonly string[]): void => {
    if (depth > deepest) throw tooMuch("depth", deepest);
    for (const node of selection.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        count("fields", 1);
        walk(node.selectionSet, depth, deepest, rows, open);
      } else if (node.kind === Kind.FRAGMENT_SPREAD) {
        count("fields", 1);
        const fragment = fragments.get(node.name.value);
        // Validation refuses circles and unknown fragments with a better message.
        if (fragment && !open.includes(node.name.value)) walk(fragment.selectionSet, depth, deepest, rows, [...open, node.name.value]);
      } else {
        count("fields", 1);
        if (node.alias) count("aliases", 1);
        const introspective = node.name.value.startsWith("__");
        if (node.name.value === "__schema") count("schemas", 1);
        if (node.name.value === "__type") count("types", 1);
        // One field under several names would answer the schema as many times.
        if (node.alias && deepest === limits.introspectionDepth)
          throw new Problem(400, "query_too_complex", "fields of __schema and __type are asked without aliases: leave those out");
        const isPage = depth === 1 && node.selectionSet !== undefined && !introspective && node.name.value !== "_meta";
        if (isPage) count("pages", 1);
        if (node.name.value === "totalCount") count("cost", countCost);
        if (!node.selectionSet) count("cost", rows);
        else
          walk(
            node.selectionSet,
            depth + 1,
            introspective ? limits.introspectionDepth : deepest,
            isPage ? pageRows(node, variables) : node.name.value === "rows" || depth > 1 ? rows : 1,
            open,
          );
      }
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) walk(definition.selectionSet, 1, limits.depth, 1, []);
  }
  // An answer about the schema, large as it is, must not lie in memory while the database is asked for rows.
  const aboutSchema = totals.schemas + totals.types > 0;
  if (aboutSchema && totals.pages > 0)
    throw new Problem(400, "query_too_complex", "the document asks for rows and about the schema: ask for them in two");
  return { pages: totals.pages, aboutSchema };
}

function pageRows(field: FieldNode, variables: Record<string, unknown>): number {
  const first = field.arguments?.find(({ name }) => name.value === "first")?.value;
  if (!first) return defaultLimit;
  if (first.kind === Kind.INT) return Math.min(Math.max(Number(first.value), 1), maxLimit);
  const value = first.kind === Kind.VARIABLE ? variables[first.name.value] : undefined;
  return typeof value === "number" && value >= 1 ? Math.min(value, maxLimit) : maxLimit;
}

function tooMuch(name: string, limit: number): Problem {
  const remedies: Record<string, string> = {
    aliases: "split the query",
    pages: "ask for fewer tables at once",
    schemas: "ask __schema once",
    types: "ask for fewer types at once, or once for __schema",
    fields: "split the query",
    cost: "ask for fewer columns, a smaller first, or without totalCount",
    depth: "nest less",
  };
  return new Problem(400, "query_too_complex", `the query's ${name} is above ${limit}: ${remedies[name]}`);
}
