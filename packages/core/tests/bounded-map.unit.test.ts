import { expect, test } from "vitest";
import { BoundedMap } from "../src/kernel/bounded-map.ts";

test("a bounded map forgets the oldest when it is full, and everything in its time", () => {
  const map = new BoundedMap<number>(2);
  map.set("a", 1, 10);
  map.set("b", 2, 10);
  map.set("c", 3, 5);
  expect([map.get("a", 0), map.get("b", 0), map.get("c", 4), map.get("c", 5), map.get("b", 9)]).toEqual([undefined, 2, 3, undefined, 2]);
});
