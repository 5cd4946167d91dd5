import { expect, it } from "vitest";
import { blocksAMinute } from "../src/features/deployments/throughput.ts";

const sample = (second: number, syncedBlock: number | null) => ({ at: new Date(second * 1_000).toISOString(), syncedBlock });

it("tells blocks a minute between each sample and the one before, whatever time lies between them", () => {
  expect(blocksAMinute([sample(0, 100), sample(15, 105), sample(75, 125), sample(75, 130)])).toEqual([null, 20, 20, null]);
});

it("tells nothing where either sample knows of no block, and none for blocks that were taken back", () => {
  expect(blocksAMinute([sample(0, null), sample(15, 10), sample(30, null), sample(45, 20), sample(60, 15)])).toEqual([
    ...[null, null, null, null],
    0,
  ]);
  expect(blocksAMinute([])).toEqual([]);
});
