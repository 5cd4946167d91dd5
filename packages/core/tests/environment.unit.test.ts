import { describe, expect, it } from "vitest";
import { EnvironmentError, limitsOf, parseEnvironment } from "../src/kernel/environment.ts";

function faultsOf(variables: Record<string, string>): string[] {
  try {
    parseEnvironment(variables);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.faults;
    throw error;
  }
  return [];
}

describe("the environment", () => {
  it("needs nothing in development", () => {
    expect(parseEnvironment({})).toMatchObject({ NODE_ENV: "development", PORT: 3000, OBELISK_DATA_DIR: ".obelisk" });
  });

  it("counts an empty variable as absent", () => {
    expect(parseEnvironment({ PORT: "", DATABASE_URL: "" }).PORT).toBe(3000);
  });

  it("reports every fault at once", () => {
    const faults = faultsOf({ PORT: "0", PUBLIC_API_RATE_LIMIT: "many", AUTH_SECRET: "short" });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["PORT", "AUTH_SECRET", "PUBLIC_API_RATE_LIMIT"]);
  });

  it("stops a production boot that lacks a secret, the address or the database, naming each with its remedy", () => {
    const faults = faultsOf({ NODE_ENV: "production" });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["AUTH_SECRET", "ENCRYPTION_KEY", "BASE_URL", "DATABASE_URL"]);
  });

  it("bounds what an organization and a person may have, whatever is set", () => {
    expect(limitsOf(parseEnvironment({}))).toEqual({ deployments: 100, apiKeys: 100, organizations: 20 });
    expect(limitsOf(parseEnvironment({ ORGANIZATION_MAX_API_KEYS: "7" })).apiKeys).toBe(7);
    for (const value of ["0", "-1", "1.5", "none", "Infinity"])
      expect(faultsOf({ ORGANIZATION_MAX_DEPLOYMENTS: value }), value).toEqual([
        "ORGANIZATION_MAX_DEPLOYMENTS: expected a whole number from 1 to 100000",
      ]);
  });

  it("never shows a value", () => {
    expect(faultsOf({ AUTH_SECRET: "hunter2", ENCRYPTION_KEY: "hunter2", DATABASE_URL: "hunter2" }).join()).not.toContain("hunter2");
  });

  it("takes several encryption keys, newest first", () => {
    const first = "a".repeat(32);
    const second = "b".repeat(32);
    expect(parseEnvironment({ ENCRYPTION_KEY: `${first}, ${second}` }).ENCRYPTION_KEY).toEqual([first, second]);
  });
});
