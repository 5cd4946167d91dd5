import pg from "pg";
import { describe, expect, it } from "vitest";
import { defaultRuntimeDatabaseUrl, isSameServer } from "../src/db/runtime-database.ts";

const client = (connectionString: string) => new pg.Client({ connectionString });
const port = new pg.Client().port;

describe("the runtime database is created beside the control database", () => {
  it.each([
    "postgres://owner:p@db.internal/obelisk",
    "postgres://owner:p@db.internal:6000/obelisk",
    "postgres://owner:p@[fd00::5]/obelisk",
    "postgres://owner:p@[fd00::5]:6000/obelisk",
    "postgres://owner:p@localhost/obelisk?host=/run/postgresql",
    "postgres://owner@%2Frun%2Fpostgresql/obelisk",
  ])("that %s names", (url) => {
    const runtimes = client(defaultRuntimeDatabaseUrl(url));
    expect(isSameServer(client(url), runtimes)).toBe(true);
    expect(runtimes.database).toBe("obelisk_runtimes");
  });

  it.each([
    ["postgres://o@db.internal/obelisk", `postgres://r@DB.internal:${port}/runtimes`],
    [`postgres://o@[fd00::5]:${port}/obelisk`, "postgres://r@[fd00::5]/runtimes"],
    ["postgres://o@localhost/obelisk?host=/run/postgresql", "postgres://r@%2Frun%2Fpostgresql/runtimes"],
  ])("that %s names, spelt %s", (control, runtimes) => {
    expect(isSameServer(client(control), client(runtimes))).toBe(true);
  });

  it.each([
    ["postgres://o@db.internal/obelisk", "postgres://r@other.internal/runtimes"],
    ["postgres://o@db.internal/obelisk", `postgres://r@db.internal:${port + 1}/runtimes`],
    ["postgres://o@localhost/obelisk", "postgres://r@localhost/runtimes?host=/run/postgresql"],
  ])("and not that of %s where the operator names %s", (control, runtimes) => {
    expect(isSameServer(client(control), client(runtimes))).toBe(false);
  });
});
