import { idSchema } from "@obelisk/schemas/primitives";
import { describe, expect, it } from "vitest";
import { newId, randomSuffix } from "../src/kernel/ids.ts";

describe("ids", () => {
  it("match the schema that every input is checked against", () => {
    expect(idSchema("deployment").safeParse(newId("deployment")).success).toBe(true);
    expect(idSchema("task").safeParse(newId("deployment")).success).toBe(false);
  });

  it("sort in the order they were made, also within a millisecond", () => {
    const ids = Array.from({ length: 20_000 }, () => newId("audit"));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("carry a suffix of the length asked for", () => {
    expect(randomSuffix(12)).toMatch(/^[0-9a-z]{12}$/);
  });
});
