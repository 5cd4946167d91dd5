import { migrate } from "@obelisk/core/db/migrate";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startTemporaryPostgres, testEncryptionKey } from "./temporary-postgres.ts";
import { templateDatabase } from "./test-database.ts";

/**
 * Vitest's global setup: one PostgreSQL for the run, with one migrated database that `createTestDatabase` copies.
 * It ends with the run, also when the run is killed.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startTemporaryPostgres();
  try {
    await prepareTemplate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  project.provide("postgres", { adminUrl: postgres.url("postgres") });
  return () => postgres.stop();
}

async function prepareTemplate(url: (database: string) => string): Promise<void> {
  const admin = new pg.Client({ connectionString: url("postgres") });
  await admin.connect();
  try {
    await admin.query(`create database ${templateDatabase}`);
    const databaseUrl = url(templateDatabase);
    const runtimeDatabaseUrl = defaultRuntimeDatabaseUrl(databaseUrl);
    await migrate({
      databaseUrl,
      runtimeDatabaseUrl,
      encryptionKeys: [testEncryptionKey],
      report: () => undefined,
      advise: () => undefined,
    });
    // A copy needs a source that nobody is connected to.
    for (const name of [templateDatabase, `${templateDatabase}_runtimes`])
      await admin.query(`alter database ${name} allow_connections false`);
  } finally {
    await admin.end();
  }
}
