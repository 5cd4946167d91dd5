// What `npm run check` runs, and `npm test` before its tests.
import { say } from "./progress.mjs";

const tsc = ["node_modules/typescript/bin/tsc", "--noEmit", "-p"];

const checks = [
  [
    "format and lint",
    ["node_modules/@biomejs/biome/bin/biome", "ci", "--diagnostic-level=warn", ...(process.stdout.isTTY ? [] : ["--colors=off"]), "."],
  ],
  ["borders between folders", ["scripts/borders.mjs"]],
  ["types of server, worker, packages", [...tsc, "tsconfig.json"]],
  ["types of the dashboard", [...tsc, "apps/dashboard/tsconfig.json"]],
  ["schema drift", ["packages/testing/src/generate-types.ts", "--check"]],
  ["unit tests", ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "--reporter=dot"]],
];

/** Runs all checks, also after one failed, and gives the names of those that did. */
export async function failedChecks(run) {
  const failed = [];
  for (const [name, args] of checks) {
    const from = performance.now();
    const status = await run(args);
    say(`${status === 0 ? "ok    " : "FAILED"} ${name} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
    if (status > 128) process.exit(status);
    if (status !== 0) failed.push(name);
  }
  return failed;
}
