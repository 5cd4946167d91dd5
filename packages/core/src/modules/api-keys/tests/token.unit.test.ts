import fc from "fast-check";
import { expect, test } from "vitest";
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
