import { describe, expect, it } from "vitest";
import { nameSchema } from "../src/primitives.ts";

const faultsOf = (name: string) => nameSchema.safeParse(name).error?.issues.map(({ message }) => message) ?? [];
const unseen = "use no invisible characters and none that turn the text around";
const nothing = "use at least one visible character";

describe("a name", () => {
  it("may be written in any script, with emoji and with what joins their characters", () => {
    for (const name of [
      "transfers",
      "Größe 2",
      "עברית",
      "می\u200Cخواهم",
      "क्\u200Dष",
      "അവന്\u200D ലാബ്",
      "হঠাত্\u200D",
      "❤\uFE0F",
      "👩\u200D💻 team",
      "❤\uFE0F\u200D🔥",
      "1\uFE0F\u20E3",
      "e\u0301",
      "…",
      "🇩🇪",
    ])
      expect(faultsOf(name), name).toEqual([]);
  });

  it("holds nothing that turns the text after it around", () => {
    for (const control of "\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u200E\u200F\u061C")
      expect(faultsOf(`a${control}b`), control.codePointAt(0)?.toString(16)).toEqual([unseen]);
  });

  it("holds nothing that can't be seen, but joiners and variation selectors where they belong", () => {
    for (const name of [
      "a\u200Bb",
      "a\u2060b",
      "a\u00ADb",
      "a\u3164b",
      "a\u2028b",
      "a\u{E0041}b",
      "a\u200D",
      "\u200Da",
      "a\u200C b",
      "a \uFE0Fb",
      "a\u200D\u200Db",
      "a\uFE0F\uFE0E",
    ])
      expect(faultsOf(name), JSON.stringify(name)).toEqual([unseen]);
  });

  it("shows at least one character", () => {
    for (const name of ["\u200B", "\u2060\u200D", "\u115F", "\u2800"]) expect(faultsOf(name)[0], JSON.stringify(name)).toBe(nothing);
    expect(faultsOf(" ")).toEqual(["give it a name"]);
    expect(faultsOf("a\u0007")).toEqual(["use no control characters"]);
  });
});
