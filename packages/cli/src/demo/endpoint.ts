import type { ObeliskClient } from "@obelisk/sdk";
import type { Row } from "./compare.ts";

interface Column {
  name: string;
}

export interface EndpointTable {
  name: string;
  /** Signature of its event; null for the raw logs. */
  event: string | null;
  columns: Column[];
}

/** Rows of one page: the most the endpoint gives. */
const pageSize = 1_000;

/** Pages read of one table before giving up: a cursor that never ends is a fault. */
const mostPages = 1_000;

/** A deployment's endpoint `/d/{slug}`, asked with the client's key. */
export class Endpoint {
  readonly #client: ObeliskClient;
  readonly #slug: string;

  constructor(client: ObeliskClient, slug: string) {
    this.#client = client;
    this.#slug = slug;
  }

  async tables(): Promise<EndpointTable[]> {
    return (await this.#json<{ tables: EndpointTable[] }>("/rest")).tables;
  }

  async health(): Promise<{ status: string; syncedBlock: number | null; headBlock: number | null }> {
    return this.#json("/health");
  }

  /** Every row of a table over REST, page by page. */
  async restRows(table: EndpointTable): Promise<Row[]> {
    return this.#pages(async (cursor) => {
      const query = new URLSearchParams({ limit: String(pageSize), ...(cursor === null ? {} : { cursor }) });
      const { data, nextCursor } = await this.#json<{ data: Row[]; nextCursor: string | null }>(`/rest/${table.name}?${query}`);
      return { rows: data, nextCursor };
    });
  }

  /** Every row of a table over GraphQL, page by page. */
  async graphqlRows(table: EndpointTable): Promise<Row[]> {
    const columns = table.columns.map(({ name }) => name).join(" ");
    const query = `query Rows($after: String) { page: ${table.name}(first: ${pageSize}, after: $after) { rows { ${columns} } nextCursor } }`;
    return this.#pages(async (after) => {
      const { page } = await this.graphql<{ page: { rows: Row[]; nextCursor: string | null } }>(query, { after });
      return page;
    });
  }

  /** @throws with the endpoint's own messages when the query was refused. */
  async graphql<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const body = JSON.stringify({ query, variables });
    const answer = await this.#json<{ data?: Data; errors?: { message: string }[] }>("/graphql", {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json" },
    });
    if (answer.errors || !answer.data)
      throw new Error(`GraphQL answered ${answer.errors?.map((error) => error.message).join("; ") ?? "nothing"}`);
    return answer.data;
  }

  async #pages(read: (cursor: string | null) => Promise<{ rows: Row[]; nextCursor: string | null }>): Promise<Row[]> {
    const rows: Row[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < mostPages; page += 1) {
      const { rows: more, nextCursor } = await read(cursor);
      rows.push(...more);
      if (nextCursor === null) return rows;
      cursor = nextCursor;
    }
    throw new Error(`the table did not end after ${mostPages} pages`);
  }

  async #json<Body>(path: string, init?: RequestInit): Promise<Body> {
    const response = await this.#client.endpoint(this.#slug, path, init);
    const text = await response.text();
    if (!response.ok && response.status !== 400)
      throw new Error(`${path.split("?")[0]} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Body;
  }
}
