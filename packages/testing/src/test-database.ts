import { randomBytes } from "node:crypto";
import { applicationRole, systemRole } from "@obelisk/core/db/client";
import pg from "pg";
import { inject } from "vitest";
import { testEncryptionKey } from "./temporary-postgres.ts";

/** Name of the migrated database that every test database is a copy of. */
export const templateDatabase = "obelisk_template";

declare module "vitest" {
  interface ProvidedContext {
    postgres: { adminUrl: string };
  }
}

/** A migrated control database with its runtime database, empty and one's own. */
export interface TestDatabase {
  /** Connection strings as the owner, whom row-level security does not bind. */
  databaseUrl: string;
  runtimeDatabaseUrl: string;
  encryptionKey: string;
  /** Ends every connection to both databases and drops them. */
  drop(): Promise<void>;
}

/**
 * Copies the migrated template, in some 100 milliseconds. Call it once a file, in `beforeAll`, and `drop` in `afterAll`.
 * Needs `packages/testing/src/global-setup.ts` among Vitest's `globalSetup`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl } = inject("postgres");
  const control = `test_${randomBytes(6).toString("hex")}`;
  const copies: [name: string, template: string][] = [
    [control, templateDatabase],
    [`${control}_runtimes`, `${templateDatabase}_runtimes`],
  ];
  await asAdmin(adminUrl, async (admin) => {
    for (const [name, template] of copies) {
      await admin.query(`create database ${name} template ${template}`);
      // What may connect belongs to the database itself and isn't copied.
      await admin.query(`revoke all on database ${name} from public`);
    }
    await admin.query(`grant connect on database ${control} to ${applicationRole}, ${systemRole}`);
  });
  return {
    databaseUrl: withDatabase(adminUrl, control),
    runtimeDatabaseUrl: withDatabase(adminUrl, `${control}_runtimes`),
    encryptionKey: testEncryptionKey,
    drop: () =>
      asAdmin(adminUrl, async (admin) => {
        for (const [name] of copies) await admin.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
