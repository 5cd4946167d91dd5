import { Secrets } from "@obelisk/core/kernel/secrets";
import { createDeployment, getInstance, registerNetwork } from "@obelisk/core/modules/provisioning";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.setFault({}));

describe("a worker's upkeep", () => {
  beforeEach(() => on.shelve());
  afterEach(() => on.stopWorkers());

  it("after a rotated encryption key programs run on, and everything is sealed with the new one, so that the old one can go", async () => {
    const [newest, oldest] = [new Secrets([on.test.database.encryptionKey]), new Secrets(["an-old-key-of-at-least-thirty-two-characters"])];
    const network = { slug: "rotated", name: "Rotated", family: "evm", chainId: 31_337, rpcUrls: [on.chain.rpcUrl], development: true };
    await registerNetwork(on.test.platform, network);
    const first = await on.startWorker();
    const { id } = await createDeployment(on.ctx, "indexer", {
      ...{ name: "Rotated", network: "rotated" },
      contracts: [{ address: on.contract.address, abi: on.contract.abi as never }],
    });
    await on.until(id, "running");
    await first.stop();
    const sealed = async () => {
      const { rows } = await on.test.owner.query(
        `select 'deployment.spec:' || id as purpose, sealed_spec as value, 'deployments' as table, 'sealed_spec' as column, 'id' as key, id as name
           from deployments where id = $1
         union all select 'deployment.database-password:' || id, sealed_database_password, 'deployments', 'sealed_database_password', 'id', id
           from deployments where id = $1
         union all select 'network.rpc:' || slug, sealed_rpc_urls, 'networks', 'sealed_rpc_urls', 'slug', slug from networks where slug = 'rotated'`,
        [id],
      );
      return rows as Record<"purpose" | "value" | "table" | "column" | "key" | "name", string>[];
    };
    const before = await sealed();
    for (const { purpose, value, table, column, key, name } of before) {
      const older = oldest.seal(newest.open(value, purpose), purpose);
      await on.test.owner.query(`update ${table} set ${column} = $1 where ${key} = $2`, [older, name]);
    }

    const keys = `${on.test.database.encryptionKey},an-old-key-of-at-least-thirty-two-characters`;
    await on.startWorker({ environment: { ENCRYPTION_KEY: keys } });
    await waitFor(async () => ((await getInstance(on.ctx, { id }))?.state === "ready" ? true : null), { what: "it runs again" });
    const after = await waitFor(
      async () => {
        const found = await sealed();
        return found.every(({ value }) => value.startsWith(newest.newestPrefix)) ? found : null;
      },
      { what: "everything is sealed with the new key" },
    );
    expect(after.map(({ value, purpose }) => newest.open(value, purpose))).toEqual(
      before.map(({ value, purpose }) => newest.open(value, purpose)),
    );
  });

  it("keeps no program waiting, however long a sweep takes", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    const holder = await on.test.owner.connect();
    try {
      await holder.query("begin; lock table sessions in access exclusive mode");
      const second = await on.startWorker();
      await waitFor(
        async () => {
          const { rows } = await on.test.owner.query("select 1 from pg_locks where relation = 'sessions'::regclass and not granted");
          return rows.length > 0;
        },
        { what: "a sweep waits" },
      );
      await first.kill();
      await waitFor(
        async () => {
          const { rows } = await on.test.owner.query("select 1 from instances where worker_id = $1 and state = 'ready'", [second.id]);
          return rows.length > 0;
        },
        { within: 16_000, what: "it runs on the other worker" },
      );
    } finally {
      await holder.query("rollback");
      holder.release();
    }
  });

  it("removes sessions, verifications, windows and answers past their time, and none before it", async () => {
    const { owner } = on.test;
    const user = on.tenant.users.owner.id;
    for (const [name, when] of Object.entries({ past: "now() - interval '1 second'", coming: "now() + interval '1 hour'" })) {
      await owner.query(`insert into sessions (id, user_id, token, expires_at) values ($1, $2, $1, ${when})`, [name, user]);
      await owner.query(`insert into verifications (id, identifier, value, expires_at) values ($1, $1, $1, ${when})`, [name]);
      await owner.query(
        `insert into idempotency_keys (organization_id, key_id, route, idempotency_key, request_hash, response_status, response_body, expires_at)
         values ($1, $2, 'r', $2, '', 201, '{}', ${when})`,
        [on.tenant.id, name],
      );
      const window = `extract(epoch from ${when})::bigint - 172800`;
      await owner.query(`insert into rate_windows (key_id, window_start, used) values ($1, ${window}, 1)`, [name]);
    }
    await on.startWorker();
    const left = async () => {
      const { rows } = await owner.query(
        `select id from sessions where id in ('past', 'coming') union all select id from verifications
         union all select idempotency_key from idempotency_keys union all select key_id from rate_windows`,
      );
      return rows.map(({ id }) => id as string);
    };
    await waitFor(async () => !(await left()).includes("past"), { what: "what is past its time is gone" });
    expect(await left()).toEqual(["coming", "coming", "coming", "coming"]);
  });
});
