import { looksLikeToken } from "@obelisk/schemas/api-keys";

export interface IndexedTable {
  name: string;
  /** The event's signature; null for the table of every log. */
  event: string | null;
  columns: { name: string; type: string; description: string }[];
}

/** Most columns an example names: enough to see what a row is, short enough to read. */
const mostColumns = 8;

/** The newest five rows of a table, and how far the answer reaches. */
export function exampleQuery(table: IndexedTable | undefined): string {
  if (!table) return "{\n  _meta {\n    syncedBlock\n    headBlock\n  }\n}";
  const own = table.columns.filter((column) => !["block_hash", "block_timestamp", "log_index", "address"].includes(column.name));
  const fields = own.slice(0, mostColumns).map((column) => `      ${column.name}`);
  return [
    "{",
    `  ${table.name}(`,
    "    first: 5",
    "    orderBy: { column: block_number, direction: desc }",
    "  ) {",
    "    rows {",
    ...fields,
    "    }",
    "    nextCursor",
    "  }",
    "  _meta {",
    "    syncedBlock",
    "  }",
    "}",
  ].join("\n");
}

/** The API key that was typed; null where it doesn't look like one. */
export function typedKey(text: string): string | null {
  const key = text.trim();
  return looksLikeToken(key) ? key : null;
}

/** Makes any text one word of a POSIX shell. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The header that carries the key; nothing where the endpoint is public. `key` null: the shell's own variable. */
function keyHeader(isPublic: boolean, key: string | null): string {
  if (isPublic) return "";
  return key ? ` \\\n  -H ${shellQuoted(`authorization: Bearer ${key}`)}` : ' \\\n  -H "authorization: Bearer $OBELISK_TOKEN"';
}

export function graphqlCurl(url: string, query: string, isPublic: boolean, key: string | null): string {
  const body = JSON.stringify({ query: query.replace(/\s+/g, " ").trim() });
  return `curl -sS ${shellQuoted(url)}${keyHeader(isPublic, key)} \\\n  -H 'content-type: application/json' \\\n  -d ${shellQuoted(body)}`;
}

export function restCurl(url: string, table: IndexedTable | undefined, isPublic: boolean, key: string | null): string {
  const address = table ? `${url.replace(/\/$/, "")}/${table.name}?limit=5&order=block_number.desc` : url;
  return `curl -sS ${shellQuoted(address)}${keyHeader(isPublic, key)}`;
}
