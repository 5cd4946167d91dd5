import { roleUrl } from "@obelisk/core/db/client";
import { transaction } from "@obelisk/core/db/tenant-transaction";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

let host: TestPlatform;
let mine: TestTenant;
let theirs: TestTenant;
let tables: string[];

beforeAll(async () => {
  host = await openTestPlatform();
  [mine, theirs] = [await createTenant(host), await createTenant(host)];
  await Promise.all([mine.asKey(), theirs.asKey()]);
  const { rows } = await host.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'organization_id' and not a.attisdropped`,
  );
  tables = rows.map(({ name }) => name);
});

afterAll(() => host?.close());

test("every table that carries an organization forces row-level security", async () => {
  expect(tables.length).toBeGreaterThan(10);
  const { rows } = await host.owner.query(
    "select relname from pg_class where relname = any($1) and not (relrowsecurity and relforcerowsecurity)",
    [[...tables, "organizations"]],
  );
  expect(rows).toEqual([]);
});

test("a query that forgets its tenant sees this organization's rows alone", async () => {
  const naked = await transaction(host.platform.database, mine.id, (db) => db.selectFrom("apiKeys").select("organizationId").execute());
  expect(new Set(naked.map(({ organizationId }) => organizationId))).toEqual(new Set([mine.id]));
  const members = await transaction(host.platform.database, mine.id, (db) => db.selectFrom("members").selectAll().execute());
  expect(members).toHaveLength(3);
  const organizations = await transaction(host.platform.database, mine.id, (db) => db.selectFrom("organizations").select("id").execute());
  expect(organizations).toEqual([{ id: mine.id }]);
});

test("a change that forgets its tenant, or names another, changes nothing of another's", async () => {
  const { database } = host.platform;
  await transaction(database, mine.id, (db) => db.updateTable("apiKeys").set({ name: "naked" }).execute());
  const { rows } = await host.owner.query("select name from api_keys where organization_id = $1", [theirs.id]);
  expect(rows.map(({ name }) => name)).not.toContain("naked");
  const insert = transaction(database, mine.id, (db) =>
    db.insertInto("members").values({ organizationId: theirs.id, id: "mem_x", userId: mine.users.owner.id, role: "owner" }).execute(),
  );
  await expect(insert).rejects.toThrow(/row-level security/);
});

test("without an organization the application's role sees no row of any tenant table", async () => {
  const client = new pg.Client(roleUrl(host.database.databaseUrl, "obelisk_app", host.database.encryptionKey));
  await client.connect();
  try {
    for (const table of [...tables, "organizations"]) {
      const rows = await client.query(`select 1 from ${table} limit 1`).then(
        (result) => result.rows.length,
        (error: Error) => error.message,
      );
      expect(rows === 0 || /permission denied/.test(String(rows)), `${table}: ${rows}`).toBe(true);
    }
    for (const table of ["users", "sessions", "accounts", "verifications", "rate_windows"]) {
      await expect(client.query(`select 1 from ${table}`)).rejects.toThrow(/permission denied/);
    }
  } finally {
    await client.end();
  }
});

test("the organization of a transaction ends with it", async () => {
  await transaction(host.platform.database, mine.id, (db) => db.selectFrom("members").select("id").execute());
  const { rows } = await transaction(host.platform.database, "", (db) => sql`select id from members`.execute(db as never));
  expect(rows).toEqual([]);
});
