import { expect, test } from "vitest";
import { parseModestly } from "../src/chain/modest-json.ts";
import { readRefusal } from "../src/chain/refusals.ts";

const parse = (text: string) => parseModestly(Buffer.from(text));
const mebibyte = 1024 * 1024;

test("answers of nodes are parsed, with escapes, brackets and commas in their texts", () => {
  const block = {
    number: "0x1",
    'a[{,"\\': ["[[[[,,,,{{{{".repeat(20)],
    transactions: Array(5_000).fill(`0x${"1".repeat(64)}`),
    uncles: [],
  };
  const answers = Array.from({ length: 10 }, (_, id) => ({ jsonrpc: "2.0", id, result: block }));
  expect(parse(JSON.stringify(answers))).toEqual(answers);
  expect(parse("null")).toBeNull();
  for (const text of ["", "{", "nul", '"a', '"\\']) expect(parse(text)).toBeUndefined();
});

test.each([
  ["a deep nest of lists", "[".repeat(mebibyte) + "]".repeat(mebibyte)],
  ["a deep nest of objects", `${'{"a":'.repeat(100)}1${"}".repeat(100)}`],
  ["a flood of empty lists", `[${"[],".repeat(mebibyte)}0]`],
  ["a flood of small objects", `{"error":[${'{"a":1},'.repeat(mebibyte)}0]}`],
  ["a text larger than any answer", `"${"a".repeat(16 * mebibyte)}"`],
])("%s is not parsed, and tells that soon", (_, text) => {
  const body = Buffer.from(text);
  const started = performance.now();
  expect(parseModestly(body)).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(1_000);
});

test("of a node's message as much is looked at as takes no time, and its first words decide", () => {
  const started = performance.now();
  const refusal = readRefusal({ error: { code: -32000, message: `block range is too wide: ${"exceeded ".repeat(200_000)}` } });
  expect(performance.now() - started).toBeLessThan(200);
  expect([refusal?.kind, refusal?.message.length]).toEqual(["range", 1_000]);
});
