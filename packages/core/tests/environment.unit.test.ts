import { describe, expect, it } from "vitest";
import { type Environment, EnvironmentError, limitsOf, parseEnvironment } from "../src/kernel/environment.ts";

function faultsOf(variables: Record<string, string>, needed: readonly (keyof Environment)[] = []): string[] {
  try {
    parseEnvironment(variables, needed);
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

  it("reports what a process needs and lacks beside what is wrong, each once", () => {
    const faults = faultsOf({ NODE_ENV: "production", PORT: "0.5", BASE_URL: "https://o.test" }, ["DATABASE_URL"]);
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["PORT", "DATABASE_URL", "AUTH_SECRET", "ENCRYPTION_KEY"]);
  });

  it("says of each variable what it takes, in words of its own", () => {
    const wrong = {
      NODE_ENV: "staging",
      PORT: "http",
      OPEN_TO_NETWORK: "perhaps",
      BASE_URL: "localhost",
      DATABASE_URL: "localhost",
      RUNTIME_DATABASE_URL: "localhost",
      AUTH_SECRET: "short",
      ENCRYPTION_KEY: "short",
      PUBLIC_API_RATE_LIMIT: "none",
      PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS: "86401",
      ORGANIZATION_MAX_DEPLOYMENTS: "none",
      ORGANIZATION_MAX_API_KEYS: "0",
      USER_MAX_ORGANIZATIONS: "-1",
      RUNTIME_DRIVER: "docker",
      RUNTIME_ALLOW_PRIVATE_TARGETS: "perhaps",
      TRUST_PROXY: "perhaps",
      METRICS_TOKEN: "short",
      LOG_LEVEL: "loud",
      WORKER_CAPACITY: "none",
      WORKER_TASKS: "65",
      RUNTIME_USER: "x",
      RUNTIME_CGROUP: "/absolute",
      RUNTIME_LISTEN_HOST: "localhost",
      OBELISK_LIFELINE: "stdout",
    };
    const faults = faultsOf(wrong);
    expect(faults.map((fault) => fault.split(/[.:]/)[0])).toEqual(Object.keys(wrong));
    expect(
      faults.filter((fault) => !/: (expected|use at least|this build has) /.test(fault) || /Invalid|NaN|received/.test(fault)),
    ).toEqual([]);
    expect(faults).toContain("PUBLIC_API_RATE_LIMIT: expected a whole number from 1 to 1000000");
    expect(faults).toContain("WORKER_TASKS: expected a whole number from 1 to 64");
    expect(faults).toContain("LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent");
  });

  it("stops a production boot that lacks a secret, the address or the database, naming each with its remedy", () => {
    const faults = faultsOf({ NODE_ENV: "production" });
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["AUTH_SECRET", "ENCRYPTION_KEY", "BASE_URL", "DATABASE_URL"]);
  });

  it("takes the storage of a deployment with its unit", () => {
    for (const [value, bytes] of [
      ["500MiB", 524_288_000],
      ["2 TiB", 2_199_023_255_552],
    ] as const)
      expect(limitsOf(parseEnvironment({ RUNTIME_MAX_STORAGE: value })).storageBytes).toBe(bytes);
    for (const value of ["10", "0GiB", "-1GiB", "1.5GiB", "10GB", "unlimited"])
      expect(faultsOf({ RUNTIME_MAX_STORAGE: value }), value).toEqual([
        "RUNTIME_MAX_STORAGE: expected a whole number of MiB, GiB or TiB, such as 10GiB",
      ]);
  });

  it("bounds what an organization and a person may have, whatever is set", () => {
    expect(limitsOf(parseEnvironment({}))).toEqual({ deployments: 100, apiKeys: 100, organizations: 20, storageBytes: 10_737_418_240 });
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
