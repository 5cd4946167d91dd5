import { expect, test } from "vitest";
import { StorageBound } from "../src/sync/storage-bound.ts";

const mebibyte = 1024 * 1024;

function bound(mostBytes: number | null) {
  const state = { bytes: 0, time: 0, measured: 0 };
  const made = new StorageBound({
    mostBytes,
    now: () => state.time,
    measure: async () => {
      state.measured++;
      return state.bytes;
    },
  });
  return { made, state };
}

test("while full the size is asked for once a minute, and data that went makes room", async () => {
  const { made, state } = bound(100 * mebibyte);
  state.bytes = 120 * mebibyte;
  for (; state.time < 60_000; state.time += 500) expect(await made.reached()).toMatch(/120 MiB, RUNTIME_MAX_STORAGE allows 100 MiB/);
  expect(state.measured).toBe(1);
  state.bytes = 90 * mebibyte;
  expect(await made.reached()).toBeNull();
  expect(state.measured).toBe(2);
});

test("the size is asked for as soon as what was written since may have reached the bound, and not for each write before", async () => {
  const { made, state } = bound(100 * mebibyte);
  for (let written = 0; written < 99; written++) {
    expect(await made.reached()).toBeNull();
    made.wrote(mebibyte);
  }
  expect(state.measured).toBe(1);
  // They took less than they were.
  state.bytes = 50 * mebibyte;
  made.wrote(mebibyte);
  expect(await made.reached()).toBeNull();
  made.wrote(60 * mebibyte);
  state.bytes = 101 * mebibyte;
  expect(await made.reached()).not.toBeNull();
  expect(state.measured).toBe(3);
});

test("without a bound nothing is asked", async () => {
  const { made, state } = bound(null);
  expect([await made.reached(), state.measured]).toEqual([null, 0]);
});
