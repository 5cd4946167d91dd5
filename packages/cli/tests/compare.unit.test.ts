import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../src/demo/chain-events.ts";
import { compareRows, type Row } from "../src/demo/compare.ts";

const row = (block: number, log: number, more: Record<string, Json> = {}): Row => ({
  block_number: block,
  log_index: log,
  value: "1",
  ...more,
});

describe("the demo's comparison", () => {
  it("finds equal rows equal in whatever order they come", () => {
    const wanted = [row(1, 0), row(1, 1), row(2, 0, { order: { a: 1, b: [true, null] } })];
    const found = [row(2, 0, { order: { b: [true, null], a: 1 } }), row(1, 1), row(1, 0)];
    expect(compareRows("t", wanted, found)).toEqual({ equal: 3, differences: [], differing: 0 });
  });

  it("names a missing row, one that is too many, one that is there twice, and each differing field", () => {
    const { differences, equal } = compareRows("t", [row(1, 0), row(2, 0)], [row(2, 0, { value: 1 }), row(3, 0), row(3, 0)]);
    expect(equal).toBe(0);
    expect(differences).toEqual([
      "t block 3 log 0: is there twice",
      "t block 1 log 0: is missing",
      't block 2 log 0: value is 1, on the chain "1"',
      "t block 3 log 0: is not on the chain",
    ]);
  });

  it("tells a field that only one side has", () => {
    expect(compareRows("t", [row(1, 0)], [row(1, 0, { extra: null })]).differences).toEqual([
      "t block 1 log 0: extra is null, on the chain absent",
    ]);
  });

  it("never calls different rows equal", () => {
    const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, json, (a, b) => {
        const { differing } = compareRows("t", [row(1, 0, { value: a })], [row(1, 0, { value: b })]);
        expect(differing === 0).toBe(isSame(a, b));
      }),
    );
  });

  it("counts all differences and names the first twenty", () => {
    const { differences, differing } = compareRows(
      "t",
      Array.from({ length: 50 }, (_, block) => row(block, 0)),
      [],
    );
    expect([differences.length, differing]).toEqual([20, 50]);
  });
});

function isSame(a: Json, b: Json): boolean {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b || JSON.stringify(a) === JSON.stringify(b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) => Object.hasOwn(b, key) && isSame((a as Record<string, Json>)[key] ?? null, (b as Record<string, Json>)[key] ?? null),
  );
}
