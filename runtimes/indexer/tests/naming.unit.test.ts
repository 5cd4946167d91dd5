import fc from "fast-check";
import { expect, test } from "vitest";
import { readEvents } from "../src/abi/event.ts";
import { nameColumns, nameTables, snakeCase } from "../src/store/naming.ts";

const anyName = fc.oneof(
  fc.string({ unit: "binary", maxLength: 128 }),
  fc.constantFrom(
    "",
    "_",
    "from",
    "_from",
    "From",
    "xmin",
    "address",
    "blockNumber",
    "block_number",
    "Logs",
    "logs",
    "$",
    "tokenURI",
    "9lives",
    "arg0",
    "arg1",
    "true",
    "a".repeat(128),
    "é",
    "pg_class",
    "PgType",
  ),
  fc.stringMatching(/^[a-cA-C_$0-2]{1,5}$/),
);
const identifier = /^[a-z][a-z0-9_]{0,62}$/;

test("columns are distinct valid identifiers, none of them a key's or PostgreSQL's own, whatever the parameters are called", () => {
  const reserved = [
    "block_number",
    "log_index",
    "block_hash",
    "transaction_hash",
    "block_timestamp",
    "address",
    "xmin",
    "xmax",
    "cmin",
    "cmax",
    "ctid",
    "tableoid",
    "oid",
  ];
  fc.assert(
    fc.property(fc.array(anyName, { maxLength: 40 }), (names) => {
      const columns = nameColumns(names);
      expect(columns.length).toBe(names.length);
      expect(new Set([...columns, ...reserved]).size).toBe(columns.length + reserved.length);
      for (const column of columns) expect(column).toMatch(identifier);
    }),
    { numRuns: 500 },
  );
});

test("tables are distinct valid identifiers apart from the raw table, and don't depend on the order of events", () => {
  const event = fc.record({
    name: anyName.filter((name) => name !== ""),
    inputs: fc.array(fc.record({ name: anyName, type: fc.constantFrom("address", "uint256", "string"), indexed: fc.boolean() }), {
      maxLength: 3,
    }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), (events) => {
      const shapes = readEvents(
        "0x",
        events.map((one) => ({ type: "event", ...one })),
      );
      const names = nameTables(shapes);
      const tables = [...names.values()];
      expect(tables.length).toBe(new Set(shapes.map(({ key }) => key)).size);
      expect(new Set([...tables, "logs"]).size).toBe(tables.length + 1);
      for (const table of tables) expect(table).toMatch(identifier);
      for (const table of tables) expect(table).not.toMatch(/^pg_/);
      expect(new Map([...nameTables([...shapes].reverse())].sort())).toEqual(new Map([...names].sort()));
    }),
    { numRuns: 500 },
  );
});

test("plain names stay plain", () => {
  expect(["tokenURI", "_from", "ERC20Transfer", "blockNumber", "id2Name", "already_snake"].map(snakeCase)).toEqual([
    "token_uri",
    "from",
    "erc20_transfer",
    "block_number",
    "id2_name",
    "already_snake",
  ]);
  expect(nameColumns(["from", "", "blockNumber", "a", "A"])).toEqual(["from", "arg1", "arg_block_number", "a_3", "a_4"]);
});

test("an event called like a relation of PostgreSQL's catalogue gets a prefix", () => {
  const events = ["pg_class", "pgClass", "pg_stat_activity", "pgp"].map((name) => ({ type: "event", name, inputs: [] }));
  const names = [...nameTables(readEvents("0x", events)).values()];
  expect(names).toContain("event_pg_stat_activity");
  expect(names).toContain("pgp");
  expect(names.filter((name) => /^event_pg_class_[0-9a-f]{8}$/.test(name)).length).toBe(2);
});
