import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backOff, type Inability, isOfTheWorker, nextInability } from "../ability-policy.ts";
import { Inabilities } from "../supervision/inabilities.ts";

describe("a worker that can't run a program", () => {
  it("tries again after 2, 4, 8 … s, at most 60", () => {
    let now = 1_000_000;
    let inability: Inability | undefined;
    const pauses = Array.from({ length: 8 }, () => {
      inability = nextInability(inability, now);
      const pause = inability.until - now;
      now = inability.until;
      return pause / 1_000;
    });
    expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it("begins anew once the last time is long ago", () => {
    const often = { inARow: 9, until: 1_000 };
    expect(nextInability(often, often.until + backOff.rememberMs - 1).inARow).toBe(10);
    expect(nextInability(often, often.until + backOff.rememberMs)).toEqual({ inARow: 1, until: often.until + backOff.rememberMs + 2_000 });
  });

  it("always waits, and never longer than a minute", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(10_000_000), fc.nat(10_000_000), (inARow, until, now) => {
        const pause = nextInability({ inARow, until }, now).until - now;
        expect(pause).toBeGreaterThanOrEqual(backOff.firstMs);
        expect(pause).toBeLessThanOrEqual(backOff.longestMs);
      }),
    );
  });

  it("tells its own troubles from those of the deployment", () => {
    const own = ["program_missing", "already_running", "start_refused", "program_outdated", "encryption_key_missing"];
    expect(own.every(isOfTheWorker)).toBe(true);
    expect(
      ["secret_unreadable", "unavailable", "configuration_invalid", "start_failed", "crash_loop", "capacity", "internal_error"].some(
        isOfTheWorker,
      ),
    ).toBe(false);
  });
});

describe("what a worker remembers of them", () => {
  it("is each deployment's own, until its pause is over or its program runs", () => {
    const inabilities = new Inabilities();
    inabilities.note("a", 0);
    inabilities.note("b", 0);
    inabilities.note("b", 2_000);
    expect(inabilities.at(1_999)).toEqual(["a", "b"]);
    expect(inabilities.at(2_000)).toEqual(["b"]);
    inabilities.forget("b");
    expect(inabilities.at(2_000)).toEqual([]);
    inabilities.note("b", 3_000);
    expect(inabilities.at(5_000)).toEqual([]);
  });

  it("is bounded: the oldest goes", () => {
    const inabilities = new Inabilities(2);
    for (const id of ["a", "b", "a", "c"]) inabilities.note(id, 0);
    expect(inabilities.at(1)).toEqual(["a", "c"]);
  });
});
