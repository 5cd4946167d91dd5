import { FreezingProxy } from "@obelisk/testing/freezing-proxy";
import { createTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { sql } from "kysely";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applicationRole, createPool, roleUrl, systemRole } from "../src/db/client.ts";
import { createSystemDb } from "../src/db/system-db.ts";
import { statements, type TenantDatabase } from "../src/db/tenant-db.ts";
import { openTenantDatabase, transaction } from "../src/db/tenant-transaction.ts";

const silenceMs = 1_000;
const connections = 2;

let test: TestPlatform;
let proxy: FreezingProxy;
let organizationId: string;
let pools: pg.Pool[];
let tenants: TenantDatabase;
let system: ReturnType<typeof createSystemDb>;

beforeAll(async () => {
  test = await openTestPlatform();
  proxy = await FreezingProxy.start(test.database.databaseUrl);
  organizationId = (await createTenant(test)).id;
  const { databaseUrl, encryptionKey } = test.database;
  const pool = (role: string) =>
    createPool(roleUrl(proxy.through(databaseUrl), role, encryptionKey), {
      ...{ applicationName: "test", connections, longestSilenceMs: silenceMs },
      onError: () => undefined,
    });
  pools = [pool(applicationRole), pool(systemRole)];
  tenants = openTenantDatabase(pools[0] as pg.Pool);
  system = createSystemDb(pools[1] as pg.Pool);
});
afterAll(async () => {
  proxy?.cut();
  await tenants?.end();
  await system?.destroy();
  proxy?.close();
  await test?.close();
});
beforeEach(() => proxy.mend());

const count = statements.selectFrom("deployments").select("id").limit(1);
const ways: [string, () => Promise<unknown>][] = [
  ["a change", () => transaction(tenants, organizationId, (db) => db.selectFrom("deployments").select("id").execute())],
  ["a read", () => tenants.read(organizationId, { count })],
  ["a statement of the system's", () => sql`select 1`.execute(system)],
  ["a transaction of the system's", () => system.transaction().execute((db) => sql`select 1`.execute(db))],
];

describe.each(ways)("%s over a connection", (_, ask) => {
  const faultOf = (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: Error) => error.message,
    );

  it("whose other end vanished fails in time, and the connection is not used again", async () => {
    await Promise.all(Array.from({ length: connections }, ask));
    proxy.freeze();
    const began = performance.now();
    const faults = await Promise.all(Array.from({ length: connections }, () => faultOf(ask())));
    expect(performance.now() - began).toBeLessThan(silenceMs * 3);
    expect(faults).toEqual(Array.from({ length: connections }, () => expect.stringMatching(/timeout|terminated/)));
    proxy.mend();
    await Promise.all(Array.from({ length: connections * 2 }, ask));
  });

  it("that is cut while it is used fails, and nothing else does", async () => {
    await ask();
    proxy.freeze();
    const asked = Array.from({ length: connections }, () => faultOf(ask()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    proxy.cut();
    expect(await Promise.all(asked)).not.toContain(null);
    proxy.mend();
    await ask();
  });
});
