import { defineConfig } from "vitest/config";

const faults = "**/tests/**/*.fault.test.ts";
const outside = ["**/node_modules/**", "**/dist/**", ".obelisk/**", ".toolchain/**"];

const meetsRealParts = {
  pool: "forks" as const,
  globalSetup: ["packages/testing/src/global-setup.ts"],
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

/**
 * `unit` needs no service at all; `real` meets PostgreSQL, chains, child processes and a browser; `faults` kills and freezes workers at
 * every border of every action, which takes minutes: `npm run test:faults`.
 */
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
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "real",
          include: ["**/tests/**/*.test.ts"],
          exclude: [...outside, "**/*.unit.test.ts", faults],
          ...meetsRealParts,
        },
      },
      {
        test: { name: "faults", include: [faults], exclude: outside, ...meetsRealParts },
      },
    ],
  },
});
