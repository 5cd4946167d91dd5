import { describe, expect, it } from "vitest";
import { camelCase, snakeCase } from "../src/db/dialect.ts";
import { statements } from "../src/db/tenant-db.ts";

describe("names between code and database", () => {
  it("turn into each other and back", () => {
    for (const name of ["id", "created_at", "sealed_rpc_urls", "last_used_ip"]) expect(snakeCase(camelCase(name))).toBe(name);
  });

  it("are written in the database's spelling", () => {
    const { sql } = statements.selectFrom("apiKeys").select("lastUsedAt").where("organizationId", "=", "x").compile();
    expect(sql).toBe('select "last_used_at" from "api_keys" where "organization_id" = $1');
  });

  it("can't break out of their quotes", () => {
    const hostile = 'x" from users; --' as "lastUsedAt";
    expect(statements.selectFrom("apiKeys").select(hostile).compile().sql).toContain('"x"" from users; --"');
  });
});
