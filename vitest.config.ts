import { defineConfig } from "vitest/config";

const outside = ["**/node_modules/**", "**/dist/**", ".obelisk/**", ".toolchain/**"];

/** `unit` needs no service at all; `real` meets PostgreSQL, chains, child processes and a browser. */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/tests/**/*.unit.test.ts"],
          exclude: outside,
          pool: "forks",
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        test: {
          name: "real",
          include: ["**/tests/**/*.test.ts"],
          exclude: [...outside, "**/*.unit.test.ts"],
          pool: "forks",
          globalSetup: ["packages/testing/src/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
