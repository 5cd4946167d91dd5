import fc from "fast-check";
import { expect, test } from "vitest";
import { backOffMs } from "../src/chain/failover.ts";
import { RangeSizer } from "../src/chain/ranges.ts";
import { refusalKind } from "../src/chain/refusals.ts";

test("the span grows over empty blocks, settles where logs are dense, and stays between 1 and its ceiling whatever happens", () => {
  const sizer = new RangeSizer();
  for (let i = 0; i < 20; i++) sizer.answered(sizer.span, 0, 10);
  expect(sizer.span).toBe(100_000);
  for (let i = 0; i < 20; i++) sizer.answered(sizer.span, sizer.span * 100, 10);
  expect(sizer.span).toBe(50);
  sizer.answered(50, 0, 10_000);
  expect(sizer.span).toBe(25);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1_000_000), fc.nat(60_000))), (steps) => {
      const any = new RangeSizer();
      for (const [refused, logs, ms] of steps) {
        if (refused) any.refused(any.span);
        else any.answered(any.span, logs, ms);
        expect(any.span).toBeGreaterThanOrEqual(1);
        expect(any.span).toBeLessThanOrEqual(100_000);
      }
    }),
  );
});

test("a refused span is not asked for again before many others were answered", () => {
  const sizer = new RangeSizer();
  for (let i = 0; i < 20; i++) sizer.answered(sizer.span, 0, 10);
  while (sizer.span > 2_000) sizer.refused(sizer.span);
  const learned = sizer.span;
  for (let i = 0; i < 15; i++) sizer.answered(sizer.span, 0, 10);
  expect(sizer.span).toBe(learned);
  for (let i = 0; i < 30; i++) sizer.answered(sizer.span, 0, 10);
  expect(sizer.span).toBeGreaterThan(learned);
});

test.each([
  [-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range", "range"],
  [-32005, "query returned more than 10000 results", "range"],
  [-32600, "eth_getLogs is limited to a 10,000 range", "range"],
  [-32000, "exceed maximum block range: 5000", "range"],
  [-32000, "block range is too wide", "range"],
  [-32000, "query timeout exceeded", "range"],
  [429, "Your app has exceeded its compute units per second capacity", "rate"],
  [-32005, "daily request count exceeded, request rate limited", "rate"],
  [-32000, "header not found", "other"],
  [-32601, "the method does not exist", "other"],
] as const)("error %i %s counts as %s", (code, message, kind) => {
  expect(refusalKind(code, message)).toBe(kind);
});

test("back-off grows to 15 s and no further", () => {
  expect([1, 2, 3, 20].map((failures) => backOffMs(failures, 0))).toEqual([125, 250, 500, 7_500]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => backOffMs(failures, random) <= 15_000,
    ),
  );
});
