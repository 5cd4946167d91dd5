import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { answeredWithin } from "../src/kernel/answered-within.ts";
import { every } from "../src/kernel/every.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("work done again and again", () => {
  it("comes once an interval, at once where that is asked for, and never twice at a time", async () => {
    let begun = 0;
    let end: () => void = () => undefined;
    const work = () => {
      begun += 1;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    };
    const stop = every(1_000, work, () => expect.unreachable(), { atOnce: true });
    expect(begun).toBe(1);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(begun).toBe(1);
    end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun).toBe(2);
    let stopped = false;
    const over = stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect([begun, stopped]).toEqual([2, false]);
    end();
    await over;
  });

  it("goes on after a failure, which is told", async () => {
    const faults: string[] = [];
    const fail = () => Promise.reject(new Error("broken"));
    const stop = every(1_000, fail, (error) => void faults.push((error as Error).message));
    await vi.advanceTimersByTimeAsync(2_500);
    await stop();
    expect(faults).toEqual(["broken", "broken"]);
  });

  it("goes on where the work throws before it gives a promise", async () => {
    let faults = 0;
    const stop = every(
      1_000,
      () => {
        throw new Error("broken");
      },
      () => {
        faults += 1;
      },
      { atOnce: true },
    );
    await vi.advanceTimersByTimeAsync(2_500);
    await stop();
    expect(faults).toBe(3);
  });
});

describe("work that is waited for so long", () => {
  it("gives what it gives, or fails as it does", async () => {
    expect(await answeredWithin(1_000, Promise.resolve(7))).toBe(7);
    await expect(answeredWithin(1_000, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fails when the time is over, and what comes of it later is unheard", async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = expect(
      answeredWithin(
        1_000,
        new Promise<void>((_, reject) => {
          fail = reject;
        }),
      ),
    ).rejects.toThrow("no answer within 1 s");
    await vi.advanceTimersByTimeAsync(1_000);
    await late;
    fail(new Error("too late"));
  });
});
