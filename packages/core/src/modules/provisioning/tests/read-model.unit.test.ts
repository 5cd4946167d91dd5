import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instant } from "../read-model.ts";

describe("instants of PostgreSQL's JSON", () => {
  it("come out as a Date would write them, whatever the fraction", () => {
    const day = { min: new Date("1970-01-01"), max: new Date("9999-12-31"), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(day), fc.stringMatching(/^\d{0,6}$/), (date, fraction) => {
        const text = `${date.toISOString().slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}+00:00`;
        expect(instant(text)).toBe(new Date(text).toISOString());
      }),
    );
  });

  it("come out in UTC from a session of another time zone", () => {
    expect(instant("2026-01-02T03:04:05.6+05:30")).toBe("2026-01-01T21:34:05.600Z");
  });
});
