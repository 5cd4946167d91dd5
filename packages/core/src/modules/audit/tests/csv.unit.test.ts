import fc from "fast-check";
import { expect, test } from "vitest";
import { toCsvLine } from "../csv.ts";

test("cells with quotes, commas and line breaks are quoted", () => {
  expect(toCsvLine(["a", 'b"c', "d,e", "f\ng"])).toBe('a,"b""c","d,e","f\ng"\r\n');
});

test("no cell begins as a formula, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(toCsvLine([text])).not.toMatch(/^"?[=+\-@\t\r](?!\n$)/);
    }),
  );
});

test.each([
  ["=1+1", "'=1+1"],
  ["\uFF1D1", "'\uFF1D1"],
  ["  @a", "'  @a"],
  ["a;=b", "a;'=b"],
  ["a\t-b", "a\t'-b"],
  ["a\n+b", '"a\n\'+b"'],
  ["2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"],
  ["a = b; c", "a = b; c"],
])("%j is written as %j", (text, written) => {
  expect(toCsvLine([text])).toBe(`${written}\r\n`);
});
