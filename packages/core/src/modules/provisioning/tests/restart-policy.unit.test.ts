import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AfterExit, afterExit, type CrashHistory, noCrashes, restartLimits, withLines, withoutLines } from "../restart-policy.ts";

const crash = { code: 1, signal: null };
const ready: CrashHistory = { ...noCrashes, wasReady: true };

/** Crashes one after another, each `aliveMs` after its start, until something other than a restart comes out. */
function crashing(history: CrashHistory, aliveMs: number, most = 100): { outcomes: AfterExit[]; elapsedMs: number } {
  const outcomes: AfterExit[] = [];
  let now = 1_000_000;
  let current = history;
  for (let count = 0; count < most; count += 1) {
    const startedAt = now;
    now += aliveMs;
    const outcome = afterExit(crash, current, startedAt, now, ["last words"]);
    outcomes.push(outcome);
    if (outcome.act !== "restart") break;
    current = outcome.history;
    now += outcome.delayMs;
  }
  return { outcomes, elapsedMs: now - 1_000_000 };
}

describe("after a program ended", () => {
  it("64 fails at once, with the last lines in the message", () => {
    const outcome = afterExit({ code: 64, signal: null }, ready, 0, 10, ["no event Transfer in the ABI"]);
    expect(outcome).toEqual({
      act: "fail",
      failure: { code: "configuration_invalid", message: expect.stringContaining("no event Transfer") },
    });
  });

  it("77 is never started again", () => {
    expect(afterExit({ code: 77, signal: null }, ready, 0, 10, [])).toEqual({ act: "release" });
  });

  it("78 is left to a worker with a newer program, with the remedy and the last lines", () => {
    expect(afterExit({ code: 78, signal: null }, ready, 0, 10, ["their layout is 9"])).toEqual({
      act: "leave",
      failure: { code: "program_outdated", message: expect.stringMatching(/Install the newer build of Obelisk.*their layout is 9/s) },
    });
  });

  it("a crash starts it again after 1, 2, 4 … s, at most 60", () => {
    const delays = crashing(ready, 0).outcomes.flatMap((outcome) => (outcome.act === "restart" ? [outcome.delayMs] : []));
    expect(delays.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...delays)).toBeLessThanOrEqual(restartLimits.longestDelayMs);
  });

  it("eight crashes within ten minutes fail it as a crash loop", () => {
    const { outcomes } = crashing(ready, 100);
    expect(outcomes).toHaveLength(restartLimits.crashes);
    expect(outcomes.at(-1)).toMatchObject({ act: "fail", failure: { code: "crash_loop", message: expect.stringContaining("last words") } });
  });

  it("a program that was never ready is given up sooner, within its task's time", () => {
    const { outcomes, elapsedMs } = crashing(noCrashes, 100);
    expect(outcomes.at(-1)).toMatchObject({ act: "fail", failure: { code: "start_failed" } });
    expect(elapsedMs).toBeLessThan(60_000);
  });

  it("a minute of stable running makes the next crash the first again", () => {
    const history: CrashHistory = { crashes: [], consecutive: 5, wasReady: true };
    expect(afterExit(crash, history, 0, restartLimits.stableMs, [])).toMatchObject({
      act: "restart",
      delayMs: 1_000,
      history: { consecutive: 1 },
    });
  });

  it("rare crashes are restarted for ever: the window forgets", () => {
    const { outcomes } = crashing(ready, 5 * 60_000, 500);
    expect(outcomes.every(({ act }) => act === "restart")).toBe(true);
  });

  it("never waits longer than the limit nor remembers more crashes than the window holds, whatever the history", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2_000_000 }), { maxLength: 50 }),
        fc.nat(1_000),
        fc.boolean(),
        (crashes, consecutive, wasReady) => {
          const outcome = afterExit(crash, { crashes: crashes.sort((a, b) => a - b), consecutive, wasReady }, 1_999_000, 2_000_000, []);
          if (outcome.act !== "restart") return;
          expect(outcome.delayMs).toBeLessThanOrEqual(restartLimits.longestDelayMs);
          expect(outcome.history.crashes.length).toBeLessThan(restartLimits.crashes);
        },
      ),
    );
  });

  it("a failure's message stays bounded, newest lines first to be kept", () => {
    const message = withLines(
      "It ended",
      Array.from({ length: 500 }, (_, index) => `line ${index} ${"x".repeat(100)}`),
    );
    expect(message.length).toBeLessThanOrEqual(4_100);
    expect(message).toContain("line 499");
    expect(message).not.toContain("line 1 ");
  });

  it("a failed step says what happened, and leaves the program's lines to the failure", () => {
    expect(withoutLines(withLines("It ended", ["first", "It failed. Its last lines:", "last"]))).toBe("It ended.");
    expect(withoutLines(withLines("It ended", []))).toBe("It ended. It wrote nothing.");
  });
});
