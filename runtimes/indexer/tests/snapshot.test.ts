import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { AnswerBudget } from "../src/api/answer-budget.ts";
import { Reader } from "../src/api/database.ts";
import { answerGraphql } from "../src/api/graphql.ts";
import { graphqlSchemaOf } from "../src/api/graphql-schema.ts";
import { Introspections } from "../src/api/introspections.ts";
import { badRequest, Problem } from "../src/api/problem.ts";
import type { IndexerConfig } from "../src/launch.ts";
import { newLease } from "../src/lease.ts";
import { WriterSession } from "../src/store/session.ts";
import { Store } from "../src/store/store.ts";
import { tablesOf } from "../src/store/tables.ts";
import { Progress } from "../src/sync/progress.ts";
import { launchDocument, type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

const abi = [{ type: "event", name: "Noted", inputs: [{ name: "note", type: "string" }] }];
const contracts = [{ address: `0x${"1".repeat(40)}`, abi, startBlock: 0 }];
const tables = tablesOf(contracts);

let database: RuntimeDatabase;
let schema: RuntimeSchema;
let reader: Reader;
/** What was sent on sessions, in order. */
const sent: string[] = [];

beforeAll(async () => {
  database = await startRuntimeDatabase();
  schema = await database.schema();
  const session = new WriterSession({ url: schema.url, schema: schema.schema }, newLease(1));
  const { config } = launchDocument({ database: schema, rpcUrls: ["http://127.0.0.1:1"], contracts });
  await new Store(session, tables, 1_000).prepare({ ...config, reorgWindowBlocks: 1_000 } as IndexerConfig);
  session.close();
  const key = "sha256('a'), sha256('a'), 0, decode(repeat('11', 20), 'hex')";
  await schema.query(`INSERT INTO noted SELECT n, 0, ${key}, 'x' FROM generate_series(1, 20000) n;
    INSERT INTO noted SELECT 20001, 0, ${key}, repeat('x', 9000000)`);
});
beforeEach(() => {
  sent.length = 0;
  reader = new Reader({ url: schema.url, schema: schema.schema });
  const { query } = pg.Client.prototype;
  vi.spyOn(pg.Client.prototype, "query").mockImplementation(function (this: pg.Client, ...parts: unknown[]) {
    sent.push((parts[0] as { text?: string }).text ?? String(parts[0]));
    return query.apply(this, parts as Parameters<typeof query>);
  } as typeof query);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reader.close();
});
afterAll(async () => {
  await database?.stop();
});

const session = async () =>
  (await reader.snapshot((ask) => ask<{ id: number }>({ text: "SELECT pg_backend_pid() AS id", values: [] })))[0]?.id;
const after = (end: string) => sent.slice(sent.lastIndexOf(end) + 1);

test("where one field of a document fails, no statement of the others follows the snapshot's end, and few go before", async () => {
  const graphql = graphqlSchemaOf(tables, new Progress(), 1);
  const budget = new AnswerBudget();
  const pages = Array.from({ length: 9 }, (_, at) => `p${at}: noted(first: 1) { totalCount nextCursor }`);
  const query = `{ large: noted(first: 1, where: { block_number: { eq: 20001 } }) { rows { note } } ${pages.join(" ")} }`;
  const before = await session();
  sent.length = 0;
  const { status, bytes } = await answerGraphql(
    graphql,
    { reader, introspections: new Introspections(), budget },
    { query, variables: {}, operationName: null },
    "req_1",
  );
  expect([status, JSON.parse(bytes.toString()).errors[0].extensions.code]).toEqual([400, "query_too_complex"]);
  expect(sent.at(-1)).toMatch(/COMMIT|ROLLBACK/);
  // What was under way when the first field failed has ended by then; the other fields' are never sent.
  expect(sent.length).toBeLessThan(6);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(sent.at(-1)).toMatch(/COMMIT|ROLLBACK/);
  expect(await session()).toBe(before);
});

test("what still asks once the work has failed is refused, and the session is at rest before another gets it", async () => {
  const late: Promise<string>[] = [];
  const slow = { text: "SELECT pg_sleep(0.3)", values: [] };
  const failed = reader.snapshot(async (ask) => {
    const twice = async () => {
      await ask(slow);
      await ask(slow);
      return "answered";
    };
    late.push(...Array.from({ length: 5 }, () => twice().catch(() => "refused")));
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw badRequest("first", "wrong");
  });
  await expect(failed).rejects.toMatchObject({ status: 400 });
  expect(sent.slice(2)).toEqual([slow.text, "ROLLBACK"]);
  expect(new Set(await Promise.all(late))).toEqual(new Set(["refused"]));
  expect(after("ROLLBACK")).toEqual([]);
});

test.each([
  ["a refusal of the request", () => badRequest("limit", "wrong")],
  ["a refusal for what others are sent", () => new Problem(429, "rate_limited", "wait")],
])("%s keeps the session", async (_, refusal) => {
  const before = await session();
  const { code, status } = refusal();
  await expect(reader.snapshot(() => Promise.reject(refusal()))).rejects.toMatchObject({ code, status });
  expect(await session()).toBe(before);
});

test("a statement that PostgreSQL refuses closes the snapshot for those behind it, and keeps the session", async () => {
  const before = await session();
  const failed = reader.snapshot(async (ask) => {
    const rows = await Promise.allSettled([
      ask({ text: "SELECT 1 / 0", values: [] }),
      ask({ text: "SELECT 1", values: [] }),
      ask({ text: "SELECT 2", values: [] }),
    ]);
    const reasons = rows.map((row) => (row as PromiseRejectedResult).reason);
    expect(new Set(reasons).size).toBe(1);
    throw reasons[2];
  });
  await expect(failed).rejects.toMatchObject({ status: 400, code: "invalid_request" });
  expect(sent.slice(-2)).toEqual(["SELECT 1 / 0", "ROLLBACK"]);
  expect(await session()).toBe(before);
});

test("a session that PostgreSQL ended is thrown away", async () => {
  const before = await session();
  const ended = reader.snapshot((ask) => ask({ text: "SELECT pg_terminate_backend(pg_backend_pid())", values: [] }));
  await expect(ended).rejects.toMatchObject({ status: 503, code: "database_unavailable" });
  expect(await session()).not.toBe(before);
});
