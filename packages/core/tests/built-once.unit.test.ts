import { describe, expect, it } from "vitest";
import { builtOnce, type Given } from "../src/db/built-once.ts";
import { statements } from "../src/db/tenant-db.ts";

interface Asked {
  organizationId: string;
  name: string;
  limit: number;
}

describe("a statement that is built once", () => {
  let built = 0;
  const keys = builtOnce((given: Given<Asked>) => {
    built += 1;
    return statements
      .selectFrom("apiKeys")
      .select("id")
      .where("name", "=", given("name"))
      .where("organizationId", "=", given("organizationId"))
      .where("prefix", "=", "fixed")
      .limit(given("limit"));
  });

  it("is what building it with the values would make, each time it is filled", () => {
    const asked: Asked[] = [
      { organizationId: "org_1", name: "first", limit: 20 },
      { organizationId: "org_2", name: "second", limit: 1 },
    ];
    for (const { organizationId, name, limit } of asked) {
      const { sql, parameters } = statements
        .selectFrom("apiKeys")
        .select("id")
        .where("name", "=", name)
        .where("organizationId", "=", organizationId)
        .where("prefix", "=", "fixed")
        .limit(limit)
        .compile();
      expect(keys({ organizationId, name, limit }).compile()).toMatchObject({ sql, parameters });
    }
    expect(built).toBe(1);
  });

  it("keeps nothing of the values it was filled with before", () => {
    const first = keys({ organizationId: "org_1", name: "second", limit: 1 });
    const second = keys({ organizationId: "org_2", name: "second", limit: 2 });
    expect([first, second].map((filled) => filled.compile().parameters)).toEqual([
      ["second", "org_1", "fixed", 1],
      ["second", "org_2", "fixed", 2],
    ]);
  });
});
