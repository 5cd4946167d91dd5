import fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedMap } from "../bounded-map.ts";
import { isToken, newToken } from "../token.ts";

test("a token is recognized, and no longer once any one character is another", () => {
  fc.assert(
    fc.property(fc.nat({ max: 41 }), fc.constantFrom(..."0Aaz9"), (place, letter) => {
      const token = newToken();
      expect(isToken(token)).toBe(true);
      const changed = token.slice(0, place) + letter + token.slice(place + 1);
      expect(isToken(changed)).toBe(changed === token);
    }),
  );
});

test("a bounded map forgets the oldest when it is full, and everything in its time", () => {
  const map = new BoundedMap<number>(2);
  map.set("a", 1, 10);
  map.set("b", 2, 10);
  map.set("c", 3, 5);
  expect([map.get("a", 0), map.get("b", 0), map.get("c", 4), map.get("c", 5), map.get("b", 9)]).toEqual([undefined, 2, 3, undefined, 2]);
});
