import { describe, expect, it } from "vitest";
import { Turns } from "../src/kernel/turns.ts";

describe("turns", () => {
  it("refuse the one too many, by name, and let the next in when one is over", () => {
    const turns = new Turns(2, "Too many.");
    const first = turns.take("a");
    turns.take("a");
    expect(() => turns.take("a")).toThrow(expect.objectContaining({ code: "rate_limited", message: "Too many.", retryAfterSeconds: 1 }));
    expect(() => turns.take("b")).not.toThrow();
    first();
    first();
    turns.take("a");
    expect(() => turns.take("a")).toThrow();
  });
});
