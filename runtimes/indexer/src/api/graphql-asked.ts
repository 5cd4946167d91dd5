import type { GraphQLResolveInfo, SelectionSetNode } from "graphql";
import { Kind } from "graphql";
import type { Table } from "../store/tables.ts";
import type { Asked } from "./pages.ts";

/** What a page's rows are asked for: every value under each name it has in the answer, so that two names for one column count twice. */
export function askedValues(table: Table, { fieldNodes, fragments }: GraphQLResolveInfo): Asked[] {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const found = new Map<string, Asked>();
  /** @param rows what the rows are called; null where the selection is the page's. */
  const collect = ({ selections }: SelectionSetNode, rows: string | null): void => {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet, rows);
      else if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments[node.name.value];
        if (fragment) collect(fragment.selectionSet, rows);
      } else {
        const key = node.alias?.value ?? node.name.value;
        if (rows !== null) found.set(JSON.stringify([rows, key]), { key, column: columns.get(node.name.value) ?? null });
        else if (node.selectionSet) collect(node.selectionSet, key);
      }
    }
  };
  for (const { selectionSet } of fieldNodes) if (selectionSet) collect(selectionSet, null);
  return [...found.values()];
}
