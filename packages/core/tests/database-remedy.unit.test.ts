import { expect, it } from "vitest";
import { databaseRemedy, RuntimeDatabaseFault } from "../src/kernel/database-remedy.ts";

const refusal = (code: string, message: string): Error => Object.assign(new Error(message), { code });

it.each([
  ["another encryption key", refusal("28P01", 'password authentication failed for user "obelisk_system"'), "ENCRYPTION_KEY"],
  ["a wrong DATABASE_URL", refusal("28P01", 'password authentication failed for user "postgres"'), "password of DATABASE_URL"],
  ["no such database", refusal("3D000", 'database "x" does not exist'), "Create the database"],
  ["an older schema", refusal("42883", "function f() does not exist"), "obelisk migrate"],
  ["no database at all", refusal("ECONNREFUSED", "connect ECONNREFUSED"), "No database answers"],
])("says what to do about %s", (_, error, remedy) => {
  expect(databaseRemedy(error)).toContain(remedy);
});

it("says nothing of other errors", () => {
  expect([databaseRemedy(new Error("broken")), databaseRemedy("text"), databaseRemedy(refusal("23505", "duplicate key"))]).toEqual([
    null,
    null,
    null,
  ]);
});

it("says of the runtime database what its own variable has to do with it", () => {
  const fault = new RuntimeDatabaseFault(refusal("3D000", 'database "obelisk_runtimes" does not exist'));
  expect(fault.message).toBe('the runtime database: database "obelisk_runtimes" does not exist');
  expect(databaseRemedy(fault)).toMatch(/^Create the database that RUNTIME_DATABASE_URL .*obelisk migrate/);
  expect(databaseRemedy(new RuntimeDatabaseFault(refusal("ENOTFOUND", "getaddrinfo ENOTFOUND db")))).toContain("RUNTIME_DATABASE_URL");
  expect(databaseRemedy(new RuntimeDatabaseFault(new Error("broken")))).toBeNull();
});
