import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployShapes, type ShapesContract } from "./event-shapes.ts";
import { launchDocument, RunningIndexer, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase, token } from "./fixture.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let shapes: ShapesContract;
let schema: RuntimeSchema;
let indexer: RunningIndexer;
/** The table of `Transfer(address,address,uint256)`: its name has a suffix, since the event is overloaded. */
let transfers: string;
let head: number;

type Row = Record<string, unknown>;
interface Page {
  data: Row[];
  nextCursor: string | null;
  syncedBlock: number;
}
interface GraphqlPage {
  rows: Row[];
  nextCursor: string | null;
  totalCount: string;
}
type PageAnswer = Record<string, GraphqlPage> & { _meta: unknown };
interface ProblemBody {
  type: string;
  requestId: string;
  status: number;
  code: string;
  detail: string;
  errors?: { path: string; message: string }[];
}

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({ args: ["--gas-limit", "500000000"] })]);
  shapes = await deployShapes(chain);
  for (let i = 0; i < 5; i++) await shapes.emitMany(500);
  for (const text of ["a", "b,c", "b", "ü".repeat(300), "ü".repeat(301), ""]) await shapes.emitEach(text, 5n);
  schema = await database.schema();
  head = Number(await chain.client.getBlockNumber({ cacheTime: 0 }));
  indexer = new RunningIndexer(
    launchDocument({ database: schema, rpcUrls: [chain.rpcUrl], contracts: [{ address: shapes.address, abi: shapes.abi }] }),
  );
  await indexer.synced(head);
  const { tables } = await indexer.json<{ tables: { name: string; event: string | null }[] }>("/rest");
  transfers = tables.find(({ event }) => event === "Transfer(address,address,uint256)")?.name ?? "";
});
afterAll(async () => {
  await indexer?.stop("SIGKILL");
  await Promise.all([chain?.stop(), database?.stop()]);
});

const problem = async (path: string): Promise<ProblemBody> => {
  const response = await indexer.get(path);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return { ...((await response.json()) as ProblemBody), status: response.status };
};

describe("every route", () => {
  test("without the instance's token answers 401, health and metrics included", async () => {
    const port = await indexer.port();
    for (const path of ["/health", "/ready", "/metrics", "/rest", "/graphql", "/nothing"]) {
      for (const authorization of [undefined, "Bearer wrong", token, `Bearer ${token}x`]) {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, authorization ? { headers: { authorization } } : {});
        expect(response.status).toBe(401);
      }
    }
  });

  test("health, readiness and metrics tell the same block", async () => {
    expect(await indexer.health()).toEqual({ status: "healthy", message: null, syncedBlock: head, headBlock: head, lagBlocks: 0 });
    expect((await indexer.get("/ready")).status).toBe(200);
    const metrics = await (await indexer.get("/metrics")).text();
    expect(metrics).toContain(`indexer_synced_block ${head}`);
    expect(metrics).toMatch(/indexer_events_total 2536\b/);
  });

  test("unknown paths, methods and malformed URLs are refused as problems", async () => {
    expect((await problem("/nothing")).code).toBe("not_found");
    expect((await problem("/rest/nothing")).code).toBe("unknown_table");
    expect((await indexer.get("/rest", { method: "DELETE" })).status).toBe(405);
    expect((await indexer.get("/graphql", { method: "PUT" })).status).toBe(405);
    expect((await indexer.get("/rest/_sync")).status).toBe(404);
    expect((await indexer.get("/rest/%2e%2e/_lease")).status).toBe(404);
  });

  test("refusals carry the platform's id of the request, and point at its documentation", async () => {
    const headers = { "x-request-id": "req_given-by-the-platform" };
    const asked: [string, RequestInit, number, string][] = [
      ["/nothing", {}, 404, "not_found"],
      [`/rest/${transfers}?value=x`, {}, 400, "invalid_request"],
      ["/graphql", { method: "POST", body: "x".repeat(70_000), headers: { "content-type": "application/json" } }, 413, "payload_too_large"],
    ];
    for (const [path, init, status, code] of asked) {
      const response = await indexer.get(path, { ...init, headers: { ...init.headers, ...headers } });
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({
        type: `/docs/api#description/${code.replaceAll("_", "-")}`,
        status,
        code,
        requestId: "req_given-by-the-platform",
      });
    }
    expect((await problem("/nothing")).requestId).toMatch(/^req_[\w-]{16}$/);
    for (const [query, code] of [
      ["{ unfinished", "invalid_query"],
      ["{ nothing { x } }", "invalid_query"],
      ["query($n: Int!) { logs(first: $n) { nextCursor } }", "invalid_query"],
      [`{ ${transfers}(first: 1001) { nextCursor } }`, "invalid_request"],
    ] as const) {
      const response = await indexer.get(`/graphql?query=${encodeURIComponent(query)}`, { headers });
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code, requestId: "req_given-by-the-platform" } }] });
    }
  });

  test("overloads of an event each have a table, and the root lists them with their columns", async () => {
    const listed = await indexer.json<{ tables: { name: string; event: string | null; columns: { name: string }[] }[] }>("/");
    expect(listed).toEqual(await indexer.json("/rest"));
    const overloads = listed.tables.filter(({ event }) => event?.startsWith("Transfer("));
    expect(overloads.map(({ event, columns }) => [event, columns.slice(6).map(({ name }) => name)]).sort()).toEqual([
      ["Transfer(address,address,uint256)", ["from", "to", "value"]],
      ["Transfer(address,uint32)", ["from", "id"]],
    ]);
    const counts = await indexer.graphql<Record<string, { totalCount: string; rows: Row[] }>>(
      `{ ${overloads.map(({ name }) => `${name}(first: 1) { totalCount rows { from } }`).join(" ")} }`,
    );
    expect(overloads.map(({ name }) => name).every((name) => /^transfer_[0-9a-f]{8}$/.test(name))).toBe(true);
    expect(overloads.map(({ name, event }) => [event, counts.data?.[name]?.totalCount]).sort()).toEqual([
      ["Transfer(address,address,uint256)", "2500"],
      ["Transfer(address,uint32)", "6"],
    ]);
  });
});

describe("REST", () => {
  test.each(["block_number.asc", "block_number.desc", "value.desc", "to.asc", "log_index.desc", "address.asc"])(
    "paging by %s walks all rows exactly once, in order",
    async (order) => {
      const seen: Row[] = [];
      for (let cursor: string | null = null; ; ) {
        const page: Page = await indexer.json<Page>(`/rest/${transfers}?limit=333&order=${order}${cursor ? `&cursor=${cursor}` : ""}`);
        seen.push(...page.data);
        cursor = page.nextCursor;
        if (!cursor) break;
      }
      expect(seen.length).toBe(2_500);
      expect(new Set(seen.map((row) => `${row.block_number}/${row.log_index}`)).size).toBe(2_500);
      const [column, direction] = order.split(".");
      const rows = await schema.query<Row>(
        `SELECT block_number::int, log_index FROM "${transfers}" ORDER BY "${column}" ${direction}, block_number ${direction}, log_index ${direction}`,
      );
      expect(seen.map(({ block_number, log_index }) => ({ block_number, log_index }))).toEqual(rows);
    },
  );

  test.each([
    ["logs", "topic2.desc"],
    ["logs", "event_table.asc"],
    ["logs", "data.asc"],
    ["everything", "order.desc"],
    ["everything", "flag.asc"],
  ])("paging %s by %s, with empty and long values, walks all rows exactly once", async (table, order) => {
    const seen = new Set<string>();
    let rows = 0;
    for (let cursor: string | null = null; ; ) {
      const page: Page = await indexer.json<Page>(
        `/rest/${table}?limit=${table === "logs" ? 700 : 1}&order=${order}${cursor ? `&cursor=${cursor}` : ""}`,
      );
      for (const row of page.data) seen.add(`${row.block_number}/${row.log_index}`);
      rows += page.data.length;
      cursor = page.nextCursor;
      if (!cursor) break;
    }
    expect([rows, seen.size]).toEqual(table === "logs" ? [2_536, 2_536] : [6, 6]);
  });

  test("filters narrow by every operator, and values keep their full size", async () => {
    const ask = (query: string) => indexer.json<Page>(`/rest/${query}`);
    const account = chain.accounts[0] as string;
    expect((await ask(`${transfers}?from=${account}&limit=1000`)).data.length).toBe(1_000);
    expect((await ask(`${transfers}?from.ne=${account}`)).data).toEqual([]);
    const large = await ask(`${transfers}?value.gte=2499000000000000000000`);
    expect(large).toMatchObject({
      syncedBlock: head,
      nextCursor: null,
      data: [{ value: "2499000000000000000000", from: account.toLowerCase() }],
    });
    expect((await ask(`${transfers}?value.gt=0&value.lte=3000000000000000000`)).data.map(({ value }) => value)).toEqual([
      "1000000000000000000",
      "2000000000000000000",
      "3000000000000000000",
    ]);
    expect((await ask(`${transfers}?log_index.in=1,2,3&block_number.lt=4`)).data.length).toBeGreaterThan(0);
    expect((await ask("everything?order.eq=b%2Cc")).data.length).toBe(1);
    expect((await ask("everything?order.in=b%2Cc&order.in=a")).data.length).toBe(2);
    expect((await ask("everything?wide=5&flag=true&small=255")).data[0]).toMatchObject({
      small: 255,
      middle: 2 ** 48 - 1,
      negative: -8_388_608,
      wide: "5",
      flag: true,
      selector: "0xdeadbeef",
    });
    expect((await ask("nested?limit=1")).data[0]).toMatchObject({
      numbers: ["1", String(2n ** 256n - 1n), "3"],
      point: { x: "-5", y: "6", label: "a" },
    });
    expect((await ask("unnamed?limit=1")).data[0]).toMatchObject({ arg0: "7", arg2: "8" });
  });

  test("what is wrong in a query is named with what would be right, and never reaches the database", async () => {
    const cases: [string, string, RegExp][] = [
      ["nothing=1", "nothing", /no column nothing to filter by; it has block_number, .*value/],
      ["value.like=1", "value.like", /like is no operator for value; use eq, ne/],
      ["value=1.5", "value", /whole number of at most 78/],
      ["value=1;drop table logs", "value", /whole number/],
      ["from=0x12", "from", /0x and 40 hexadecimal digits/],
      ["block_number=99999999999999999999", "block_number", /2\^53/],
      ["log_index.in=", "log_index.in", /whole number/],
      ["limit=0", "limit", /1 to 1000/],
      ["limit=1001", "limit", /1 to 1000/],
      ["limit=1&limit=2", "limit", /more than once/],
      ["order=value.up", "order", /column\.asc or column\.desc/],
      ["order=nothing", "order", /no column nothing to order by/],
      ["cursor=xyz", "cursor", /does not belong/],
      ["value=1&value=2", "value", /eq takes one value/],
      ["a.b.c=1", "a.b.c", /column=value/],
      [`value.in=${Array.from({ length: 101 }, (_, i) => i).join(",")}`, "value.in", /at most 100/],
    ];
    for (const [query, path, message] of cases) {
      const body = await problem(`/rest/${transfers}?${query}`);
      expect([body.status, body.code, body.errors?.[0]?.path]).toEqual([400, "invalid_request", path]);
      expect(body.detail).toMatch(message);
    }
    const { nextCursor } = await indexer.json<Page>(`/rest/${transfers}?limit=1`);
    expect((await problem(`/rest/${transfers}?order=value.desc&cursor=${nextCursor}`)).detail).toMatch(/does not belong/);
    expect((await problem("/rest/everything?order.eq=%00")).detail).toMatch(/without NUL/);
  });
});

describe("GraphQL", () => {
  test("filters, order, pages and counts agree with the rows, on one snapshot", async () => {
    const query = `query Page($after: String, $first: Int!) {
      ${transfers}(where: { value: { gt: "5000000000000000000", lte: "1000000000000000000000" }, block_number: { gte: 0 } }, orderBy: { column: value, direction: desc }, first: $first, after: $after) {
        rows { block_number log_index value from to } nextCursor totalCount
      }
      _meta { syncedBlock headBlock chainId }
    }`;
    const seen: unknown[] = [];
    for (let after: string | null = null; ; ) {
      const answer: { data?: PageAnswer; errors?: unknown } = await indexer.graphql<PageAnswer>(query, { after, first: 300 });
      expect(answer.errors).toBeUndefined();
      const page: GraphqlPage | undefined = answer.data?.[transfers];
      seen.push(...(page?.rows ?? []).map(({ value }) => value));
      expect(page?.totalCount).toBe("995");
      expect(answer.data?._meta).toEqual({ syncedBlock: head, headBlock: head, chainId: "31337" });
      after = page?.nextCursor ?? null;
      if (!after) break;
    }
    expect(seen).toEqual(Array.from({ length: 995 }, (_, i) => `${1_000 - i}000000000000000000`));
  });

  test("GET works as pasted, introspection is answered, JSON and null values come through", async () => {
    const get = await indexer.json<{ data: unknown }>(
      `/graphql?query=${encodeURIComponent("{ empty(first: 1) { rows { block_number } } }")}`,
    );
    expect(get.data).toMatchObject({ empty: { rows: [{ block_number: expect.any(Number) }] } });
    const introspection = await indexer.graphql(getIntrospectionQuery());
    expect(introspection.errors).toBeUndefined();
    const nested = await indexer.graphql(
      `{ nested(first: 1) { rows { path pair } } logs(first: 1, where: { event_table: { eq: "empty" } }) { rows { topic1 event_table } } }`,
    );
    expect(nested.data).toMatchObject({
      nested: { rows: [{ path: [{ x: "-1", y: "2", label: "a" }, expect.anything()] }] },
      logs: { rows: [{ topic1: null, event_table: "empty" }] },
    });
  });

  test("depth, cost, aliases, pages, tokens and size are limited, fragments counted as what they expand to", async () => {
    const all = "block_number log_index block_hash transaction_hash block_timestamp address from to value";
    const bomb = `query { ...a0 } ${Array.from({ length: 30 }, (_, i) => `fragment a${i} on Query { ...a${i + 1} ...a${i + 1} }`).join(" ")} fragment a30 on Query { _meta { chainId } }`;
    const cases: [string, RegExp][] = [
      [
        `{ ${Array.from({ length: 8 }, (_, i) => `a${i}: ${transfers}(first: 1000) { rows { ${all} } }`).join(" ")} }`,
        /cost is above 50000/,
      ],
      [
        `query($n: Int) { ${Array.from({ length: 8 }, (_, i) => `a${i}: ${transfers}(first: $n) { rows { ${all} } }`).join(" ")} }`,
        /cost is above/,
      ],
      [`{ ${Array.from({ length: 16 }, (_, i) => `a${i}: _meta { chainId }`).join(" ")} }`, /aliases is above/],
      [`{ ${Array.from({ length: 11 }, () => `${transfers}(first: 1) { nextCursor }`).join(" ")} }`, /pages is above/],
      [`{ ${transfers} ${"{ rows ".repeat(10)} { value } ${"}".repeat(10)} }`, /depth is above/],
      [bomb, /fields is above/],
      [`{ ${"x ".repeat(2_100)} }`, /tokens/],
      [`{ ${" ".repeat(17_000)} _meta { chainId } }`, /longer than 16384 characters/],
      [`{ ${transfers}(first: 1001) { nextCursor } }`, /1 to 1000/],
      [`{ ${transfers}(where: { from: { eq: "0x1" } }) { nextCursor } }`, /40 hexadecimal digits/],
      ["{ nothing { x } }", /Cannot query field/],
      ["query { ...a } fragment a on Query { ...a }", /Cannot spread fragment/],
      ["{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", /introspection/i],
      [`{ ${Array.from({ length: 15 }, (_, i) => `a${i}: __schema { types { name } }`).join(" ")} }`, /schemas is above 1/],
      [`{ ${"...s ".repeat(2)} } fragment s on Query { __schema { types { name } } }`, /schemas is above 1/],
      [`{ ${Array.from({ length: 5 }, (_, i) => `a${i}: __type(name: "Meta") { name }`).join(" ")} }`, /types is above 4/],
      ["{ __schema { a: types { name } b: types { name } } }", /without aliases/],
      ["{ unfinished", /Syntax Error/],
      ["mutation { x }", /mutation/i],
    ];
    for (const [query, message] of cases) {
      const answer = await indexer.graphql(query);
      expect(answer.status, query.slice(0, 80)).toBe(400);
      expect(answer.errors?.map((error) => error.message).join("; "), query.slice(0, 80)).toMatch(message);
    }
    expect((await indexer.health()).status).toBe("healthy");
  });

  test("bodies that are too large, of another type or no JSON object are refused", async () => {
    const post = async (body: string, type = "application/json") =>
      (await indexer.get("/graphql", { method: "POST", body, headers: { "content-type": type } })).status;
    expect(await post("x".repeat(70_000))).toBe(413);
    expect(await post('{"query":"{_meta{chainId}}"}', "text/plain")).toBe(415);
    expect(await post("{")).toBe(400);
    expect(await post("[]")).toBe(400);
    expect(await post('{"query":5}')).toBe(400);
    expect(await post('{"query":"{_meta{chainId}}","variables":[]}')).toBe(400);
    expect(await post('{"query":"{_meta{chainId}}"}')).toBe(200);
  });
});
