import { transaction } from "@obelisk/core/db/tenant-transaction";
import { appendEntry } from "@obelisk/core/kernel/audit-chain";
import { createApiKey, revokeApiKey } from "@obelisk/core/modules/api-keys";
import { exportAudit, pageAudit, verifyAudit, verifyChain } from "@obelisk/core/modules/audit";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let host: TestPlatform;

beforeAll(async () => {
  host = await openTestPlatform();
});

afterAll(() => host?.close());

async function tenantWithEntries(count: number, name = "k"): Promise<TestTenant> {
  const tenant = await createTenant(host);
  for (let index = 0; index < count; index += 1) {
    await createApiKey(index % 2 ? tenant.asAdmin() : tenant.asOwner(), { name: `${name}${index}`, scopes: ["deployments:read"] });
  }
  return tenant;
}

/** As a superuser with the triggers switched off: the strongest hand that could reach the table. */
async function tamper(sql: string, values: unknown[]): Promise<void> {
  const client = await host.owner.connect();
  try {
    await client.query("begin");
    await client.query("set local session_replication_role = replica");
    await client.query(sql, values);
    await client.query("commit");
  } finally {
    client.release();
  }
}

const read = async (pieces: AsyncIterable<string>) => {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
};

describe("verification", () => {
  test("finds an untouched chain intact and gives its head", async () => {
    const tenant = await tenantWithEntries(5);
    const { rows } = await host.owner.query("select hash from audit_heads where organization_id = $1", [tenant.id]);
    expect(await verifyAudit(tenant.asMember())).toMatchObject({ intact: true, entries: 5, head: rows[0].hash, fault: null });
  });

  const cases: [what: string, sql: string, sequence: number, reason: RegExp][] = [
    [
      "an edited row",
      "update audit_entries set data = data || '{\"scopes\": []}' where organization_id = $1 and sequence = 3",
      3,
      /edited/,
    ],
    ["an edited actor", "update audit_entries set actor_label = 'nobody' where organization_id = $1 and sequence = 2", 2, /edited/],
    ["an edited hash", "update audit_entries set hash = repeat('0', 64) where organization_id = $1 and sequence = 4", 4, /edited/],
    ["a removed row", "delete from audit_entries where organization_id = $1 and sequence = 3", 3, /removed/],
    ["a removed first row", "delete from audit_entries where organization_id = $1 and sequence = 1", 1, /removed/],
    [
      "a tail cut off",
      "delete from audit_entries where organization_id = $1 and sequence >= 4",
      4,
      /cut off after entry 3: its head says 5/,
    ],
    ["an emptied log", "delete from audit_entries where organization_id = $1", 1, /cut off after entry 0/],
    ["a removed head", "delete from audit_heads where organization_id = $1", 1, /head was removed/],
    ["an edited head", "update audit_heads set hash = repeat('f', 64) where organization_id = $1", 5, /head was edited/],
    [
      "two rows swapped with their hashes",
      "update audit_entries set sequence = case sequence when 2 then 4 else 2 end where organization_id = $1 and sequence in (2, 4)",
      2,
      /reordered: the one that belongs at 2 stands at 4/,
    ],
    [
      "a row added past the head",
      "insert into audit_entries select organization_id, 6, id, at, actor_type, actor_id, actor_label, action, target_type, target_id, target_label, data, request_id, ip, hash from audit_entries where organization_id = $1 and sequence = 5",
      6,
      /edited, or replaced|added past the head/,
    ],
  ];
  test.each(cases)("detects %s", async (_what, sql, sequence, reason) => {
    const tenant = await tenantWithEntries(5);
    // The primary key is checked per row while two rows change places.
    await host.owner.query("alter table audit_entries drop constraint if exists audit_entries_pkey");
    await tamper(sql, [tenant.id]);
    const { intact, fault } = await verifyChain(host.platform, tenant.id);
    expect([intact, fault?.sequence]).toEqual([false, sequence]);
    expect(fault?.reason).toMatch(reason);
  });

  test("reads a chain of more than one batch", async () => {
    const tenant = await createTenant(host);
    const ctx = tenant.asOwner();
    const entry = appendEntry({
      ...{ organizationId: tenant.id, at: new Date(), actor: ctx.actor, requestId: "test", ip: null },
      ...{ action: "task.succeeded", target: { type: "task", id: "tsk", label: "task" }, data: { nested: { b: [1, null], a: "ü" } } },
    });
    await transaction(host.platform.database, tenant.id, (db) => Promise.all(Array.from({ length: 1_010 }, () => db.executeQuery(entry))));
    expect(await verifyAudit(ctx)).toMatchObject({ intact: true, entries: 1_010 });
    await tamper("update audit_entries set ip = '1.1.1.1' where organization_id = $1 and sequence = 1005", [tenant.id]);
    expect(await verifyAudit(ctx)).toMatchObject({ intact: false, fault: { sequence: 1_005 } });
  });

  test("holds while entries are appended by many at once", async () => {
    const tenant = await tenantWithEntries(1);
    const writing = Promise.all(
      Array.from({ length: 40 }, () => createApiKey(tenant.asOwner(), { name: "k", scopes: ["deployments:read"] })),
    );
    for (let time = 0; time < 10; time += 1) expect((await verifyChain(host.platform, tenant.id)).intact).toBe(true);
    await writing;
    expect(await verifyChain(host.platform, tenant.id)).toMatchObject({ intact: true, entries: 41 });
  });
});

test("neither platform role can change or remove an entry", async () => {
  const tenant = await tenantWithEntries(1);
  for (const sql of ["update audit_entries set ip = null", "delete from audit_entries", "truncate audit_entries"]) {
    await expect(host.owner.query(`${sql}`)).rejects.toThrow(/append-only/);
    for (const role of ["obelisk_app", "obelisk_system"]) {
      const client = await host.owner.connect();
      await client.query("begin");
      await client.query(`set local role ${role}`);
      await expect(client.query(sql)).rejects.toThrow(/permission denied|append-only/);
      await client.query("rollback");
      client.release();
    }
  }
  expect((await verifyChain(host.platform, tenant.id)).intact).toBe(true);
});

test("the log is read newest first, by filter and page", async () => {
  const tenant = await tenantWithEntries(4);
  const { items, nextCursor } = await pageAudit(tenant.asMember(), { limit: 3 });
  expect(items.map(({ sequence }) => sequence)).toEqual([4, 3, 2]);
  expect((await pageAudit(tenant.asMember(), { limit: 3, cursor: nextCursor })).items.map(({ sequence }) => sequence)).toEqual([1]);
  const key = items[0]?.target.id ?? "";
  await revokeApiKey(tenant.asOwner(), { id: key });
  expect((await pageAudit(tenant.asMember(), { targetId: key })).items.map(({ action }) => action)).toEqual([
    "api_key.revoked",
    "api_key.created",
  ]);
  expect((await pageAudit(tenant.asMember(), { action: "api_key.revoked" })).items).toHaveLength(1);
  expect((await pageAudit(tenant.asMember(), { actorId: tenant.users.admin.id })).items).toHaveLength(2);
  expect((await pageAudit(tenant.asMember(), { from: "2999-01-01T00:00:00.000Z" })).items).toEqual([]);
  for (const cursor of ["x", "0", "-1"])
    await expect(pageAudit(tenant.asMember(), { cursor })).rejects.toMatchObject({ errors: [{ path: "cursor" }] });
});

test("an export holds every entry before it, is itself recorded, and runs nothing in a spreadsheet", async () => {
  const tenant = await tenantWithEntries(2, '=HYPERLINK("http://evil","x")');
  const csv = await read(await exportAudit(tenant.asMember(), { format: "csv" }));
  const lines = csv.trim().split("\r\n");
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain('"\'=HYPERLINK(""http://evil"",""x"")0"');
  expect(lines.flatMap((line) => line.split(",")).filter((cell) => /^"?[=+@-]/.test(cell))).toEqual([]);
  const json = JSON.parse(await read(await exportAudit(tenant.asOwner(), { format: "json" })));
  expect(json.map(({ sequence, action }: { sequence: number; action: string }) => [sequence, action])).toEqual([
    [1, "api_key.created"],
    [2, "api_key.created"],
    [3, "audit.exported"],
  ]);
  const none = await read(await exportAudit(tenant.asOwner(), { format: "json", action: "task.failed" }));
  expect(JSON.parse(none)).toEqual([]);
  await expect(exportAudit(tenant.asOwner(), { format: "xml" as "csv" })).rejects.toMatchObject({ errors: [{ path: "format" }] });
  await expect(exportAudit((await tenant.asKey()).ctx, { format: "csv" })).rejects.toMatchObject({ code: "missing_scope" });
});
