import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AnswerBudget } from "../src/api/answer-budget.ts";
import { Reader } from "../src/api/database.ts";
import { pageOf, pageSql } from "../src/api/page-sql.ts";
import { type Asked, type PageQuery, type Row, readCursor, readOrder } from "../src/api/pages.ts";
import { Problem } from "../src/api/problem.ts";
import { answerRows } from "../src/api/rest.ts";
import type { IndexerConfig } from "../src/launch.ts";
import { newLease } from "../src/lease.ts";
import { WriterSession } from "../src/store/session.ts";
import { Store } from "../src/store/store.ts";
import { type Table, tablesOf } from "../src/store/tables.ts";
import { launchDocument, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

const abi = [
  {
    type: "event",
    name: "Mixed",
    inputs: [
      { name: "n", type: "uint256" },
      { name: "note", type: "string" },
      { name: "list", type: "uint8[]" },
      { name: "blob", type: "bytes" },
    ],
  },
  { type: "event", name: "Listed", inputs: [{ name: "list", type: "uint8[]" }] },
  // Called as the parts of a page's own query might be.
  ...["Page", "Steps", "Sized", "Unnumbered", "Step", "Measured", "Sizes", "Whole", "Gone"].map((name) => ({
    type: "event",
    name,
    inputs: [name.toLowerCase(), "text"].map((parameter) => ({ name: parameter, type: "string" })),
  })),
];
const contracts = [{ address: `0x${"1".repeat(40)}`, abi, startBlock: 0 }];
const tables = tablesOf(contracts);
const named = (name: string) => tables.events.find((table) => table.name === name) as Table;

let database: RuntimeDatabase;
let schema: RuntimeSchema;
let reader: Reader;

beforeAll(async () => {
  database = await startRuntimeDatabase();
  schema = await database.schema();
  const session = new WriterSession({ url: schema.url, schema: schema.schema }, newLease(1));
  const { config } = launchDocument({ database: schema, rpcUrls: ["http://127.0.0.1:1"], contracts });
  await new Store(session, tables, 1_000).prepare({ ...config, reorgWindowBlocks: 1_000 } as IndexerConfig);
  session.close();
  reader = new Reader({ url: schema.url, schema: schema.schema });
});
afterAll(async () => {
  await reader?.close();
  await database?.stop();
});

const keySql = "sha256('a'), sha256('a'), 0, decode(repeat('11', 20), 'hex')";

test("rows of a megabyte of JSON, which is small as it is stored, are answered in short pages at once, behind small rows as well", async () => {
  await schema.query(`INSERT INTO listed SELECT n, 0, ${keySql}, '[1]' FROM generate_series(1, 200) n`);
  await schema.query(`INSERT INTO listed SELECT 201, 0, ${keySql}, jsonb_agg(255) FROM (SELECT generate_series(1, 210000)) AS n`);
  // Copied as it is stored, which takes no time.
  await schema.query(`INSERT INTO listed SELECT n, 0, ${keySql}, list FROM listed, generate_series(202, 1200) n WHERE block_number = 201`);
  const written = async () => {
    // What a session used is told when it ends.
    await reader.close();
    reader = new Reader({ url: schema.url, schema: schema.schema });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [{ bytes } = { bytes: -1 }] = await schema.query<{ bytes: number }>(
      "SELECT temp_bytes::int AS bytes FROM pg_stat_database WHERE datname = current_database()",
    );
    return bytes;
  };
  const before = await written();
  for (const [first, count] of [
    [201, 7],
    [1, 207],
  ] as const) {
    // PostgreSQL ends a statement that takes 5 s: to measure all rows took it far more.
    const query = new URLSearchParams({ limit: "1000", "block_number.gte": String(first) });
    const { bytes } = await answerRows(tables, { reader, budget: new AnswerBudget() }, "listed", query);
    const { data, nextCursor } = JSON.parse(bytes.toString()) as { data: { block_number: number }[]; nextCursor: string | null };
    expect(data.map(({ block_number }) => block_number)).toEqual(Array.from({ length: count }, (_, at) => first + at));
    expect(nextCursor).not.toBeNull();
  }
  expect((await written()) - before).toBe(0);
});

test("pages of any limit, order, columns and size walk all rows exactly once, each as full as it may be", async () => {
  const table = named("mixed");
  // Runs of small and of large rows, so that a page's end falls anywhere in what is measured at a time.
  await schema.query(
    `INSERT INTO mixed SELECT n / 3, n % 3, ${keySql}, n * 7919 % 17, repeat(chr(1 + n % 60), CASE WHEN n / 20 % 3 = 1 THEN n * 31 % 900 ELSE n % 4 END),
       (SELECT coalesce(jsonb_agg(i), '[]') FROM generate_series(1, CASE WHEN n / 30 % 2 = 1 THEN n * 37 % 500 ELSE 1 END) i),
       decode(repeat('ab', n * 13 % 200), 'hex') FROM generate_series(1, 240) n`,
  );
  const columns = ["block_number", "log_index", "n", "note", "list", "blob"];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        limit: fc.integer({ min: 1, max: 300 }),
        maxBytes: fc.integer({ min: 1_000, max: 60_000 }),
        by: fc.constantFrom("block_number", "n", "note", "blob"),
        descending: fc.boolean(),
        own: fc.subarray(["n", "note", "list", "blob"]),
        from: fc.integer({ min: 0, max: 70 }),
      }),
      async ({ limit, maxBytes, by, descending, own, from }) => {
        const asked: Asked[] = table.columns
          .filter(({ name }) => name === "block_number" || name === "log_index" || own.includes(name))
          .map((column) => ({ key: column.name, column }));
        const order = readOrder(table, "order", `${by}.${descending ? "desc" : "asc"}`);
        const query: PageQuery = { table, conditions: [], order, limit, after: null, asked, maxBytes };
        const block = table.columns.find(({ name }) => name === "block_number") as Table["columns"][number];
        query.conditions = [{ column: block, operator: "gte", values: [String(from)] }];
        const direction = descending ? "DESC" : "ASC";
        const expected = await reader.snapshot((ask) =>
          ask<Row>({
            text: `SELECT ${columns.join(", ")} FROM mixed WHERE block_number >= ${from}
              ORDER BY ${by === "blob" ? "substring(blob, 1, 63)" : by === "note" ? "left(note, 128)" : by} ${direction}, block_number ${direction}, log_index ${direction}`,
            values: [],
          }),
        );
        const jsonBytes = (row: Row | undefined) =>
          row ? Buffer.byteLength(JSON.stringify(Object.fromEntries(asked.map(({ key }) => [key, row[key]])))) : 0;
        /** At most so much more is counted for a row than its JSON takes: `valueBytes` of numbers and the spaces in lists. */
        const counted = (row: Row | undefined) =>
          jsonBytes(row) + 120 + (own.includes("list") ? ((row?.list as unknown[] | undefined)?.length ?? 0) : 0);
        let at = 0;
        for (;;) {
          let page: { rows: Row[]; nextCursor: string | null };
          try {
            page = pageOf(query, await reader.snapshot((ask) => ask<Row>(pageSql(query))));
          } catch (error) {
            const next = expected[at];
            expect((error as Problem).message).toContain(`block_number ${next?.block_number} and log_index ${next?.log_index} alone`);
            expect(error).toBeInstanceOf(Problem);
            expect(counted(next)).toBeGreaterThan(maxBytes);
            return;
          }
          const wanted = expected.slice(at, at + page.rows.length);
          const shown = (row: Row) => JSON.stringify(["block_number", "log_index", ...own].map((name) => row[name]));
          expect(page.rows.map(shown)).toEqual(wanted.map(shown));
          at += page.rows.length;
          expect(wanted.reduce((sum, row) => sum + jsonBytes(row), 0)).toBeLessThanOrEqual(maxBytes);
          if (page.nextCursor === null) break;
          expect(page.rows.length).toBeGreaterThan(0);
          const full = [...wanted, expected[at]].reduce((sum, row) => sum + counted(row), 0) > maxBytes;
          expect(page.rows.length === limit || full, "a page that ends early is full").toBe(true);
          query.after = readCursor(table, order, "cursor", page.nextCursor);
        }
        expect(at).toBe(expected.length);
      },
    ),
    { numRuns: 60 },
  );
});

test("a table may be called as anything: its rows are read", async () => {
  for (const { name, columns } of tables.events.filter((table) => table.columns.some((column) => column.name === "text"))) {
    await schema.query(`INSERT INTO "${name}" SELECT n, 0, ${keySql}, 'own', 'text ' || n FROM generate_series(1, 3) n`);
    const query = new URLSearchParams({ limit: "2", order: `${columns[6]?.name}.desc` });
    const { bytes } = await answerRows(tables, { reader, budget: new AnswerBudget() }, name, query);
    expect(JSON.parse(bytes.toString()), name).toMatchObject({ data: [{ text: "text 3", [name]: "own" }, { text: "text 2" }] });
  }
});

test("an answer whose snapshot fails at its end takes nothing of the budget", async () => {
  await schema.query(`INSERT INTO logs SELECT n, 0, ${keySql}, 0, NULL, NULL, NULL, NULL, decode(repeat('11', 40000), 'hex'), NULL
    FROM generate_series(1, 60) n`);
  const budget = new AnswerBudget();
  const failing = {
    async snapshot<T>(work: (...parts: never[]) => Promise<T>): Promise<T> {
      await reader.snapshot(work as Parameters<Reader["snapshot"]>[0]);
      throw new Problem(503, "database_unavailable", "COMMIT failed");
    },
  } as unknown as Reader;
  // Each of 5 MB: together more than there is.
  const query = new URLSearchParams({ limit: "60" });
  for (let i = 0; i < 20; i++)
    await expect(answerRows(tables, { reader: failing, budget }, "logs", query)).rejects.toMatchObject({ code: "database_unavailable" });
  const { bytes, holding } = await answerRows(tables, { reader, budget }, "logs", query);
  expect(bytes.length).toBeGreaterThan(4_000_000);
  holding.release();
});
