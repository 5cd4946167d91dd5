import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { migrate } from "@obelisk/core/db/migrate";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import { withTemporaryPostgres } from "./temporary-postgres.ts";

/**
 * Writes `types.gen.ts` from a freshly migrated database; with `--check` only compares, and exits 1 where it differs.
 */
const target = join(import.meta.dirname, "../../core/src/db/types.gen.ts");
const check = process.argv.includes("--check");

await withTemporaryPostgres(async ({ databaseUrl, encryptionKey }) => {
  await migrate({
    databaseUrl,
    runtimeDatabaseUrl: defaultRuntimeDatabaseUrl(databaseUrl),
    encryptionKeys: [encryptionKey],
    report: () => undefined,
    advise: () => undefined,
  });
  const scratch = mkdtempSync(join(tmpdir(), "obelisk-types-"));
  try {
    const out = join(scratch, "types.ts");
    const manifest = createRequire(import.meta.url).resolve("kysely-codegen/package.json");
    const cli = join(dirname(manifest), "dist", "cli", "bin.js");
    execFileSync(
      process.execPath,
      [
        cli,
        ...["--dialect", "postgres", "--url", databaseUrl, "--out-file", out, "--camel-case", "--log-level", "error"],
        ...["--default-schema", "public", "--include-pattern", "public.*", "--exclude-pattern", "public.migrations"],
        ...["--type-mapping", JSON.stringify({ int8: "number" })],
      ],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    const generated = readFileSync(out, "utf8");
    if (!check) writeFileSync(target, generated);
    else if (generated !== readFileSync(target, "utf8")) {
      process.stderr.write("types.gen.ts differs from the migrated database: run `node packages/testing/src/generate-types.ts`\n");
      process.exitCode = 1;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
