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
