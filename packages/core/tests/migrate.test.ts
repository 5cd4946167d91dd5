import { startTemporaryPostgres, type TemporaryPostgres } from "@obelisk/testing/temporary-postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { applicationRole, createPool, roleUrl, systemRole } from "../src/db/client.ts";
import { type MigrateOptions, migrate } from "../src/db/migrate.ts";
import { ensurePlatformRoles } from "../src/db/platform-roles.ts";
import { RuntimeDatabaseFault } from "../src/kernel/database-remedy.ts";
import { createLogger } from "../src/kernel/logger.ts";
import { databaseRolePassword } from "../src/kernel/secrets.ts";
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
  options = { databaseUrl, runtimeDatabaseUrl, encryptionKeys: [oldKey], report: () => undefined, advise: () => undefined };
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

  it("says in one line what closes the databases it doesn't own, until they are closed, and closes those it does", async () => {
    const advised = async (as: MigrateOptions = options) => {
      const lines: string[] = [];
      await migrate({ ...as, advise: (line) => void lines.push(line) });
      return lines;
    };
    const isOpen = async (database: string) =>
      (await admin.query("select has_database_privilege('stranger', $1, 'connect, temporary') as open", [database])).rows[0].open;
    await admin.query("create role stranger");
    const [line, ...more] = await advised();
    expect(more).toEqual([]);
    expect(line).toContain('revoke connect, temporary on database "postgres", "template1" from public;');
    expect([await isOpen("postgres"), await isOpen("template1")]).toEqual([true, true]);
    await admin.query(/Run this as their owner: (.*)$/.exec(line ?? "")?.[1] ?? "");
    expect([await isOpen("postgres"), await isOpen("template1")]).toEqual([false, false]);
    expect(await advised()).toEqual([]);

    await admin.query("grant connect on database template1 to public");
    const asSuperuser = { databaseUrl: postgres.url("obelisk"), runtimeDatabaseUrl: postgres.url("obelisk_runtimes") };
    expect(await advised({ ...options, ...asSuperuser })).toEqual([]);
    expect(await isOpen("template1")).toBe(false);
    await admin.query("drop role stranger");
  });

  it("creates the runtime database also where the URL leaves the port to pg, and says which one is missing on another server", async () => {
    const { port } = new URL(options.databaseUrl);
    const plain = (url: string) => url.replace(`:${port}/`, "/");
    vi.stubEnv("PGPORT", port);
    try {
      const applied: string[] = [];
      const [databaseUrl, runtimeDatabaseUrl] = [
        plain(options.databaseUrl),
        plain(options.runtimeDatabaseUrl.replace(/_runtimes$/, "_plain")),
      ];
      await migrate({ ...options, databaseUrl, runtimeDatabaseUrl, report: (line) => void applied.push(line) });
      expect(applied).toEqual(["created database obelisk_plain"]);
    } finally {
      vi.unstubAllEnvs();
    }
    const elsewhere = options.runtimeDatabaseUrl.replace("127.0.0.1", "localhost").replace(/_runtimes$/, "_elsewhere");
    await expect(migrate({ ...options, runtimeDatabaseUrl: elsewhere })).rejects.toThrow(RuntimeDatabaseFault);
  });

  it("moves the platform's roles to a rotated key", async () => {
    expect(await enters(applicationRole, oldKey)).toBe(true);
    await migrate({ ...options, encryptionKeys: [newKey, oldKey] });
    for (const role of [applicationRole, systemRole]) {
      expect(await enters(role, newKey)).toBe(true);
      expect(await enters(role, oldKey)).toBe(false);
    }
  });

  it("sends the platform roles' passwords in no statement", async () => {
    await asOwner(async (owner) => {
      const query = vi.spyOn(owner, "query");
      await ensurePlatformRoles(owner, options.databaseUrl, [newKey]);
      const sent = JSON.stringify(query.mock.calls);
      expect(sent).toContain("SCRAM-SHA-256$");
      for (const role of [applicationRole, systemRole]) expect(sent).not.toContain(databaseRolePassword(newKey, role));
    });
    expect(await enters(applicationRole, newKey)).toBe(true);
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
      const inside = new URL(options.databaseUrl);
      inside.username = schemaName(id);
      inside.password = password;
      await expect(new pg.Client({ connectionString: inside.href }).connect()).rejects.toMatchObject({ code: "42501" });
      // What a program can take hold of must not stand in the way of a worker that starts later.
      await program.query("select pg_advisory_lock(4720160432)");
      const later = new RuntimeDatabase(options.runtimeDatabaseUrl, createLogger({ name: "test", level: "silent" }));
      await later.prepare("dep_01jd0000000000000000000001", 1, newDatabasePassword()).finally(() => later.end());
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
    await expect(migrate({ ...options, encryptionKeys: [newKey] })).rejects.toThrow(
      `alter role ${applicationRole} nosuperuser nobypassrls`,
    );
    await admin.query(`alter role ${applicationRole} nobypassrls`);
  });

  describe("where the platform's roles may be another Obelisk's", () => {
    const otherKey = "the-key-of-another-obelisk-on-this-server";
    let other: MigrateOptions;

    beforeAll(async () => {
      await admin.query("create database other owner house");
      const [databaseUrl, runtimeDatabaseUrl] = ["other", "other_runtimes"].map((name) =>
        options.databaseUrl.replace(/obelisk$/, name),
      ) as [string, string];
      other = { databaseUrl, runtimeDatabaseUrl, encryptionKeys: [otherKey], report: () => undefined, advise: () => undefined };
    });

    const comment = (text: string | null) =>
      Promise.all(
        [applicationRole, systemRole].map((role) => admin.query(`comment on role ${role} is ${text ? admin.escapeLiteral(text) : "null"}`)),
      );
    /** That the first Obelisk works on as it did, and nothing was begun for the second. */
    const unharmed = async () => {
      for (const role of [applicationRole, systemRole]) expect(await enters(role, newKey)).toBe(true);
      const second = new pg.Client({ connectionString: other.databaseUrl });
      await second.connect();
      expect((await second.query("select 1 from pg_tables where schemaname in ('public', 'pgboss')")).rows).toEqual([]);
      await second.end();
    };

    it("because their comment names a key that isn't among ours: says which, and what to do", async () => {
      await expect(migrate(other)).rejects.toThrow(
        /obelisk_app .* belongs to an Obelisk with the encryption key [0-9a-f]{8}, and ENCRYPTION_KEY holds [0-9a-f]{8}\..* server of its own; .*ENCRYPTION_KEY=new,old/,
      );
      await unharmed();
    });

    it("because they have no comment and no password of ours opens them", async () => {
      await comment(null);
      await expect(migrate(other)).rejects.toThrow(/nothing shows that it is this Obelisk's/);
      await unharmed();
    });

    it("and not where a password of ours opens them, which then leaves its comment", async () => {
      await migrate({ ...options, encryptionKeys: [newKey] });
      await expect(migrate(other)).rejects.toThrow("belongs to an Obelisk with the encryption key");
    });

    it("and not for a second database with the same key", async () => {
      await migrate({ ...other, encryptionKeys: [newKey] });
      for (const role of [applicationRole, systemRole]) expect(await enters(role, newKey)).toBe(true);
    });

    it("and not for roles that can't log in, which nobody works with, nor for those the operator gives away as the refusal says", async () => {
      await comment(null);
      for (const role of [applicationRole, systemRole]) await admin.query(`alter role ${role} nologin`);
      await migrate(other);
      expect(await enters(applicationRole, otherKey)).toBe(true);
      await comment(null);
      const refusal: Error = await migrate({ ...options, encryptionKeys: [newKey] }).then(
        () => expect.unreachable(),
        (error) => error,
      );
      const [, given] = /is '(.+)'$/.exec(refusal.message) ?? [];
      await comment(given ?? "");
      await migrate({ ...options, encryptionKeys: [newKey] });
      expect(await enters(systemRole, newKey)).toBe(true);
    });
  });

  it("for a migration that was edited after it had been applied", async () => {
    const checksum = await asOwner(async (owner) => {
      const { rows } = await owner.query("select checksum from migrations where name = '0001_identity.sql'");
      await owner.query("update migrations set checksum = 'another' where name = '0001_identity.sql'");
      return rows[0].checksum as string;
    });
    await expect(migrate({ ...options, encryptionKeys: [newKey] })).rejects.toThrow("0001_identity.sql was edited");
    await asOwner((owner) => owner.query("update migrations set checksum = $1 where name = '0001_identity.sql'", [checksum]));
  });

  it("for a database that a newer build has migrated", async () => {
    await asOwner((owner) => owner.query("insert into migrations (name, checksum) values ('9999_later.sql', 'x')"));
    await expect(migrate({ ...options, encryptionKeys: [newKey] })).rejects.toThrow("start a build at least as new as the database");
  });
});
