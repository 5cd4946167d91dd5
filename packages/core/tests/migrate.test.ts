import { startTemporaryPostgres, type TemporaryPostgres } from "@obelisk/testing/temporary-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applicationRole, createPool, roleUrl, systemRole } from "../src/db/client.ts";
import { type MigrateOptions, migrate } from "../src/db/migrate.ts";
import { createLogger } from "../src/kernel/logger.ts";
import { newDatabasePassword, RuntimeDatabase, SchemaFenced, schemaName } from "../src/modules/provisioning/runtime-schema.ts";

const oldKey = "an-old-key-of-at-least-thirty-two-characters";
const newKey = "a-new-key-of-at-least-thirty-two-characters!";

let postgres: TemporaryPostgres;
let admin: pg.Client;
let options: MigrateOptions;

/** As a hosted PostgreSQL gives it: an owner who may create roles and databases, and is no superuser. */
beforeAll(async () => {
  postgres = await startTemporaryPostgres();
  admin = new pg.Client({ connectionString: postgres.url("postgres") });
  await admin.connect();
  await admin.query("create role house login createrole createdb password 'house'");
  await admin.query("create database obelisk owner house");
  const url = (database: string) => {
    const owned = new URL(postgres.url(database));
    owned.username = "house";
    owned.password = "house";
    return owned.href;
  };
  const [databaseUrl, runtimeDatabaseUrl] = [url("obelisk"), url("obelisk_runtimes")];
  options = { databaseUrl, runtimeDatabaseUrl, encryptionKey: oldKey, report: () => undefined };
});
afterAll(async () => {
  await admin?.end();
  await postgres?.stop();
});

async function enters(role: string, encryptionKey: string): Promise<boolean> {
  const pool = createPool(roleUrl(options.databaseUrl, role, encryptionKey), {
    applicationName: "test",
    connections: 1,
    onError: () => undefined,
  });
  return pool
    .query("select 1 from organizations")
    .then(
      () => true,
      (error: { code?: string }) => {
        expect(error.code).toBe("28P01");
        return false;
      },
    )
    .finally(() => pool.end());
}

async function asOwner<Result>(work: (owner: pg.Client) => Promise<Result>): Promise<Result> {
  const owner = new pg.Client({ connectionString: options.databaseUrl });
  await owner.connect();
  return work(owner).finally(() => owner.end());
}

describe("migrating as an owner who is no superuser", () => {
  it("works from nothing, by three at once, and applies each migration once", async () => {
    const applied: string[] = [];
    const report = (line: string) => void applied.push(line);
    await Promise.all([1, 2, 3].map(() => migrate({ ...options, report })));
    expect(applied).toEqual([...new Set(applied)]);
    expect(applied.at(-1)).toBe("created database obelisk_runtimes");
  });

  it("moves the platform's roles to a rotated key", async () => {
    expect(await enters(applicationRole, oldKey)).toBe(true);
    await migrate({ ...options, encryptionKey: newKey });
    for (const role of [applicationRole, systemRole]) {
      expect(await enters(role, newKey)).toBe(true);
      expect(await enters(role, oldKey)).toBe(false);
    }
  });

  it("makes, closes and drops a runtime's schema and role, and refuses what comes late", async () => {
    const runtimes = new RuntimeDatabase(options.runtimeDatabaseUrl, createLogger({ name: "test", level: "silent" }));
    const id = "dep_01jd0000000000000000000000";
    const password = newDatabasePassword();
    try {
      await runtimes.prepare(id, 1, password);
      const program = new pg.Client({ connectionString: runtimes.runtimeUrl(id, password) });
      const cut = new Promise<void>((resolve) => program.on("error", () => resolve()));
      await program.connect();
      await program.query("create table events (n int)");
      await runtimes.close(id, 2);
      await cut;
      await expect(runtimes.prepare(id, 1, password)).rejects.toBeInstanceOf(SchemaFenced);
      await runtimes.prepare(id, 3, password);
      await runtimes.drop(id, 4);
      const { rowCount } = await admin.query("select 1 from pg_roles where rolname = $1", [schemaName(id)]);
      expect(rowCount).toBe(0);
      await expect(runtimes.prepare(id, 3, password)).rejects.toBeInstanceOf(SchemaFenced);
    } finally {
      await runtimes.end();
    }
  });
});

describe("migrating is refused", () => {
  it("where a role of the platform stands above row-level security", async () => {
    await admin.query(`alter role ${applicationRole} bypassrls`);
    await expect(migrate({ ...options, encryptionKey: newKey })).rejects.toThrow(`alter role ${applicationRole} nosuperuser nobypassrls`);
    await admin.query(`alter role ${applicationRole} nobypassrls`);
  });

  it("for a migration that was edited after it had been applied", async () => {
    const checksum = await asOwner(async (owner) => {
      const { rows } = await owner.query("select checksum from migrations where name = '0001_identity.sql'");
      await owner.query("update migrations set checksum = 'another' where name = '0001_identity.sql'");
      return rows[0].checksum as string;
    });
    await expect(migrate({ ...options, encryptionKey: newKey })).rejects.toThrow("0001_identity.sql was edited");
    await asOwner((owner) => owner.query("update migrations set checksum = $1 where name = '0001_identity.sql'", [checksum]));
  });

  it("for a database that a newer build has migrated", async () => {
    await asOwner((owner) => owner.query("insert into migrations (name, checksum) values ('9999_later.sql', 'x')"));
    await expect(migrate({ ...options, encryptionKey: newKey })).rejects.toThrow("start a build at least as new as the database");
  });
});
