import { newId } from "@obelisk/core/kernel/ids";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applicationRole, systemRole } from "../src/db/client.ts";
import { statements } from "../src/db/tenant-db.ts";
import { transaction } from "../src/db/tenant-transaction.ts";
import type { DB } from "../src/db/types.gen.ts";

let test: TestPlatform;
let acme: TestTenant;
let globex: TestTenant;

/** Tables whose rows belong to an organization, as the database tells. */
let tenantTables: string[];

beforeAll(async () => {
  test = await openTestPlatform();
  acme = await createTenant(test);
  globex = await createTenant(test);
  const { rows } = await test.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
  );
  tenantTables = rows.map((row) => row.name);
});

afterAll(() => test.close());

describe("row-level security", () => {
  it("is enabled and forced on every table that carries an organization", async () => {
    const { rows } = await test.owner.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity and relforcerowsecurity order by 1`,
    );
    expect(tenantTables.length).toBeGreaterThan(8);
    expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining([...tenantTables, "organizations"]));
  });

  it("shows a query that forgets its tenant only the rows of the transaction's organization", async () => {
    const naked = statements.selectFrom("members").selectAll();
    const { members } = await test.platform.database.read(acme.id, { members: naked });
    expect(members).toHaveLength(3);
    expect(new Set(members.map((member) => member.organizationId))).toEqual(new Set([acme.id]));
  });

  it("shows nothing to a query that names another organization outright", async () => {
    const { rows } = await test.platform.database.read(acme.id, {
      rows: statements.selectFrom("members").selectAll().where("organizationId", "=", globex.id),
    });
    expect(rows).toEqual([]);
  });

  it("shows nothing where no organization is set", async () => {
    const { rows } = await test.platform.database.read("", { rows: statements.selectFrom("organizations").selectAll() });
    expect(rows).toEqual([]);
  });

  it("refuses a row written for another organization", async () => {
    const smuggled = transaction(test.platform.database, acme.id, (db) =>
      db
        .insertInto("members")
        .values({ organizationId: globex.id, id: newId("member"), userId: acme.users.owner.id, role: "owner" })
        .execute(),
    );
    await expect(smuggled).rejects.toThrow(/row-level security/);
  });

  it("lets a naked update touch no other organization's rows", async () => {
    const key = await globex.asKey();
    await acme.asKey();
    await transaction(test.platform.database, acme.id, (db) => db.updateTable("apiKeys").set({ name: "taken" }).execute());
    const { rows } = await test.owner.query("select name from api_keys where id = $1", [key.id]);
    expect(rows[0].name).not.toBe("taken");
  });

  it("gives who holds the platform alone nothing to write by", async () => {
    expect(Object.getOwnPropertyNames(Object.getPrototypeOf(test.platform.database)).sort()).toEqual([
      "constructor",
      "end",
      "read",
      "usage",
    ]);
    const rows = statements.updateTable("apiKeys").set({ name: "taken" });
    await expect(test.platform.database.read(acme.id, { rows })).rejects.toThrow(/read-only transaction/);
  });

  it("doesn't let a tenant's transaction leak its organization into the next one on the same connection", async () => {
    await test.platform.database.read(acme.id, { one: statements.selectFrom("members").selectAll() });
    await transaction(test.platform.database, acme.id, async () => 1);
    const client = await transaction(test.platform.database, globex.id, (db) =>
      sql<{ id: string }>`select current_organization() as id`.execute(db),
    );
    expect(client.rows[0]?.id).toBe(globex.id);
  });
});

describe("the platform's database roles", () => {
  it("have no way around row-level security and own nothing", async () => {
    const { rows } = await test.owner.query(
      `select rolname from pg_roles where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)`,
      [[applicationRole, systemRole]],
    );
    expect(rows).toEqual([]);
    const owned = await test.owner.query(`select relname from pg_class c join pg_roles r on r.oid = c.relowner where r.rolname = any($1)`, [
      [applicationRole, systemRole],
    ]);
    expect(owned.rows).toEqual([]);
  });

  it("keep people, sessions and password hashes out of the application's reach", async () => {
    for (const table of ["users", "sessions", "accounts", "verifications", "rateWindows"] as const satisfies (keyof DB)[]) {
      const attempt = test.platform.database.read(acme.id, { rows: statements.selectFrom(table).selectAll() });
      await expect(attempt, table).rejects.toThrow(/permission denied/);
    }
  });

  it("can't read what other organizations have in the queue", async () => {
    const attempt = transaction(test.platform.database, acme.id, (db) => sql`select data from pgboss.job`.execute(db));
    await expect(attempt).rejects.toThrow(/permission denied/);
  });

  it("can't change or remove an audit entry, nor can the owner of the tables by accident", async () => {
    for (const change of [sql`update audit_entries set actor_label = 'x'`, sql`delete from audit_entries`, sql`truncate audit_entries`]) {
      await expect(transaction(test.platform.database, acme.id, (db) => change.execute(db))).rejects.toThrow(/permission denied/);
    }
    await expect(test.owner.query("truncate audit_entries")).rejects.toThrow(/append-only/);
  });
});

describe("a tenant's transaction", () => {
  it("undoes everything when its work throws after writing", async () => {
    const before = await test.owner.query("select count(*) from api_keys");
    await expect(
      transaction(test.platform.database, acme.id, async (db) => {
        await db.updateTable("apiKeys").set({ name: "half done" }).execute();
        throw new Error("half way");
      }),
    ).rejects.toThrow("half way");
    const after = await test.owner.query("select count(*), count(*) filter (where name = 'half done') as changed from api_keys");
    expect(after.rows[0]).toEqual({ ...before.rows[0], changed: 0 });
  });

  it("reports a failure that the work swallowed instead of pretending to have committed", async () => {
    const swallowed = transaction(test.platform.database, acme.id, async (db) => {
      await sql`select 1 / 0`.execute(db).catch(() => "ignored");
      return "fine";
    });
    await expect(swallowed).rejects.toThrow(/rolled back/);
  });

  it("undoes everything when a statement of the commit's round trip fails", async () => {
    const failing = transaction(
      test.platform.database,
      acme.id,
      (db) => db.updateTable("apiKeys").set({ name: "unaudited" }).execute(),
      () => [sql`select 1 / 0`.compile(statements)],
    );
    await expect(failing).rejects.toThrow(/division by zero/);
    const { rows } = await test.owner.query("select 1 from api_keys where name = 'unaudited'");
    expect(rows).toEqual([]);
  });

  it("leaves its connection usable after a failure", async () => {
    for (let round = 0; round < 40; round += 1) {
      const bad = statements.selectNoFrom(sql`1 / 0`.as("bad"));
      await expect(test.platform.database.read(acme.id, { bad })).rejects.toThrow(/division by zero/);
    }
    const { rows } = await test.platform.database.read(acme.id, { rows: statements.selectFrom("members").selectAll() });
    expect(rows).toHaveLength(3);
  });
});
