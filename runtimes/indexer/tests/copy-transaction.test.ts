import { afterAll, beforeAll, expect, test } from "vitest";
import { FencedOut } from "../src/exit.ts";
import { newLease } from "../src/lease.ts";
import { CopyRows } from "../src/store/copy-rows.ts";
import { WriterSession } from "../src/store/session.ts";
import { type RuntimeDatabase, type RuntimeSchema, startRuntimeDatabase } from "./fixture.ts";

let database: RuntimeDatabase;
let schema: RuntimeSchema;
let session: WriterSession;

beforeAll(async () => {
  database = await startRuntimeDatabase();
  schema = await database.schema();
  session = new WriterSession({ url: schema.url, schema: schema.schema }, newLease(1));
  await session.transaction((client) =>
    client.query(
      "CREATE TABLE a (n integer PRIMARY KEY, filler bytea); CREATE TABLE b (n integer PRIMARY KEY); CREATE TABLE cursor_at AS SELECT 0 AS n",
    ),
  );
});
afterAll(async () => {
  session.close();
  await database.stop();
});

/** Rows from one number to another; 1 KB each where filled, so that many are more than the sockets hold. */
function rowsOf(from: number, to: number, filled = false): Buffer {
  const rows = new CopyRows(0);
  for (let n = from; n < to; n++) {
    rows.row(filled ? 2 : 1);
    rows.integer(n);
    if (filled) rows.hex(Buffer.alloc(1_024), 0, 1_024);
  }
  return rows.finish();
}

const copy = (from: number, to: number, second = [from, to] as const) =>
  session.copy(
    [
      { table: "a", rows: rowsOf(from, to, true) },
      { table: "b", rows: rowsOf(...second) },
    ],
    `UPDATE cursor_at SET n = ${to}`,
  );
const state = async () =>
  (await schema.query("SELECT (SELECT count(*)::int FROM a) a, (SELECT count(*)::int FROM b) b, (SELECT n FROM cursor_at) AS at"))[0];

test("rows of several tables and what follows them are there together, or not at all", async () => {
  await copy(0, 20_000);
  expect(await state()).toEqual({ a: 20_000, b: 20_000, at: 20_000 });
  // The first table's rows are refused while most of them are still on their way, then the second's, then the statement behind them.
  await expect(copy(0, 20_000)).rejects.toMatchObject({ code: "23505" });
  await expect(copy(20_000, 20_010, [0, 1])).rejects.toMatchObject({ code: "23505" });
  await expect(session.copy([{ table: "b", rows: rowsOf(30_000, 30_001) }], "UPDATE nothing SET n = 1")).rejects.toMatchObject({
    code: "42P01",
  });
  expect(await state()).toEqual({ a: 20_000, b: 20_000, at: 20_000 });
  await copy(20_000, 20_010);
  await session.copy([], "UPDATE cursor_at SET n = 1");
  expect(await state()).toEqual({ a: 20_010, b: 20_010, at: 1 });
});

test("a connection that breaks while rows are on their way leaves nothing behind, and the next one goes on", async () => {
  const before = await state();
  const broken = expect(copy(100_000, 150_000)).rejects.toThrow();
  await schema.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [schema.schema]);
  await broken;
  expect(await state()).toEqual(before);
  await copy(20_010, 20_020);
  expect(await state()).toEqual({ a: 20_020, b: 20_020, at: 20_020 });
});

test("whoever has lost the lease copies nothing and learns that it is fenced out", async () => {
  const before = await state();
  await schema.query("UPDATE _lease SET holder = 'another'");
  await expect(copy(40_000, 60_000)).rejects.toBeInstanceOf(FencedOut);
  await schema.query("UPDATE _lease SET holder = $1, epoch = 2", [session.lease.holder]);
  await expect(copy(40_000, 60_000)).rejects.toBeInstanceOf(FencedOut);
  expect(await state()).toEqual(before);
});
