// The borders of docs/ARCHITECTURE.md. Run by scripts/borders.mjs; tests may reach across where a rule says so.

const tests = "(^|/)tests/";

/** What each folder of the table may import of the workspace; itself is always allowed. */
const mayImport = {
  "packages/schemas": [],
  "packages/egress": [],
  "packages/queue": [],
  "packages/embedded": [],
  "packages/chains": ["packages/schemas", "packages/egress"],
  "packages/core": ["packages/schemas", "packages/queue", "packages/chains", "packages/egress"],
  "packages/sdk": ["packages/schemas"],
  "packages/cli": ["packages/core", "packages/embedded", "packages/sdk", "packages/chains", "packages/schemas"],
  "packages/testing": ["packages/core", "packages/embedded", "packages/queue", "packages/schemas"],
  "apps/server": ["packages/core", "packages/schemas"],
  "apps/worker": ["packages/core", "packages/queue", "packages/schemas"],
  "runtimes/indexer": ["packages/egress", "packages/schemas"],
};

/** Where a module's work inside a worker begins. */
const workerDoors = "^packages/core/src/modules/[^/]+/worker/";

const folders = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder.replace("/", "-")}-imports-only-what-the-table-allows`,
  comment: `The folder table of docs/ARCHITECTURE.md: ${folder} may import ${allowed.join(", ") || "no other workspace"}.`,
  severity: "error",
  from: { path: `^${folder}/`, pathNot: tests },
  to: { path: "^(packages|apps|runtimes|bench)/", pathNot: [folder, ...allowed].map((path) => `^${path}/`) },
}));

module.exports = {
  forbidden: [
    ...folders,
    {
      name: "testing-parts-only-in-tests",
      comment: "Testing parts are for tests and benchmarks alone.",
      severity: "error",
      from: { path: "^(packages|apps|runtimes)/", pathNot: [tests, "^packages/testing/"] },
      to: { path: "^packages/testing/" },
    },
    {
      name: "no-circle",
      comment: "What imports in a circle can't be understood or loaded apart. Move the shared part to where both may look.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "module-has-one-door",
      comment: "Another module is entered by its index.ts; its jobs by *.job.ts.",
      severity: "error",
      from: { path: "^packages/core/src/modules/([^/]+)/", pathNot: tests },
      to: {
        path: "^packages/core/src/modules/[^/]+/",
        pathNot: ["^packages/core/src/modules/$1/", "/index\\.ts$", "\\.job\\.ts$", "\\.handler\\.ts$"],
      },
    },
    {
      name: "kernel-knows-no-domain",
      severity: "error",
      from: { path: "^packages/core/src/kernel/" },
      to: { path: "^packages/core/src/modules/" },
    },
    {
      name: "only-the-worker-imports-handlers",
      comment: "A producer imports the job (*.job.ts): name, payload, retry policy. The work itself is loaded by the worker alone.",
      severity: "error",
      from: { pathNot: ["^apps/worker/", workerDoors, "\\.handler\\.ts$", tests, "^packages/testing/", "^bench/"] },
      to: { path: "\\.handler\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-the-worker-enters-by-its-door",
      comment: "What a module does inside a worker (modules/<name>/worker/) would drag its handlers into every other process.",
      severity: "error",
      from: { pathNot: ["^apps/worker/", workerDoors, tests] },
      to: { path: workerDoors },
    },
    {
      name: "system-db-only-where-named",
      comment: "SystemDb sees every organization's rows: importable only by the files named here (docs/ARCHITECTURE.md, Isolation).",
      severity: "error",
      from: {
        pathNot: [
          "^packages/core/src/db/",
          // Opens both handles of a process.
          "^packages/core/src/kernel/platform\\.ts$",
          // Sign-in and membership across organizations, key look-up, claims and leases, sweeps of what has expired.
          "^packages/core/src/modules/(access|tenancy)/",
          "^packages/core/src/modules/api-keys/look-up\\.ts$",
          "^packages/core/src/modules/idempotency/sweep\\.ts$",
          "^packages/core/src/modules/provisioning/system/",
          tests,
        ],
      },
      to: { path: "^packages/core/src/db/system-db\\.ts$" },
    },
    {
      name: "tenants-are-written-only-where-named",
      comment: "A change of an organization's rows is a mutation(): permission, audit entry and all (docs/ARCHITECTURE.md, A write).",
      severity: "error",
      from: {
        pathNot: [
          "^packages/core/src/db/",
          // Opens the handles of a process.
          "^packages/core/src/kernel/platform\\.ts$",
          "^packages/core/src/kernel/mutation\\.ts$",
          // The refusals it keeps, which no change stands behind.
          "^packages/core/src/modules/idempotency/answers\\.ts$",
          tests,
        ],
      },
      to: { path: "^packages/core/src/db/tenant-(transaction|connection)\\.ts$" },
    },
    {
      name: "core-knows-no-transport",
      comment: "Errors know no transport, rules no screen: HTTP, tRPC and React stay in apps/.",
      severity: "error",
      from: { path: "^packages/(core|schemas|queue|chains)/", pathNot: tests },
      to: { path: "(^|/)node_modules/(hono|@hono|@trpc|react|react-dom|express|fastify)(/|$)" },
    },
    {
      name: "adapters-hold-no-sql",
      severity: "error",
      from: { path: "^apps/server/", pathNot: tests },
      to: { path: "(^|/)node_modules/(pg|kysely)(/|$)" },
    },
    {
      name: "schemas-are-browser-safe",
      severity: "error",
      from: { path: "^packages/schemas/", pathNot: tests },
      to: { dependencyTypes: ["core", "npm"], pathNot: "(^|/)node_modules/zod(/|$)" },
    },
    {
      name: "dashboard-imports-only-schemas",
      comment: "The browser's code reaches the server by HTTP.",
      severity: "error",
      from: { path: "^apps/dashboard/", pathNot: tests },
      to: {
        path: "^(packages|apps|runtimes)/",
        pathNot: ["^apps/dashboard/", "^packages/schemas/", "^apps/server/src/http/trpc/router\\.ts$"],
      },
    },
    {
      name: "dashboard-imports-the-router-as-a-type",
      severity: "error",
      from: { path: "^apps/dashboard/", pathNot: tests },
      to: { path: "^apps/server/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "imports-resolve",
      comment: "The import names a file or package that isn't there, or that the package doesn't export.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "dependencies-are-declared",
      comment: "A package imported by a workspace stands in that workspace's package.json.",
      severity: "error",
      from: { path: "^(packages|apps|runtimes)/", pathNot: [tests, "\\.config\\.ts$"] },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"], pathNot: "(^|/)node_modules/(vitest|fast-check|playwright-core)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^bench/\\.scratch/|^(apps|packages|runtimes)/[^/]+/dist/|\\.gen\\.ts$" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
      mainFields: ["module", "main", "types"],
    },
  },
};
