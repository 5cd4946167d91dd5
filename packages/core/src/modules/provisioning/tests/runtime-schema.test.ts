import { setTimeout as sleep } from "node:timers/promises";
import { startTemporaryPostgres, type TemporaryPostgres } from "@obelisk/testing/temporary-postgres";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareRuntimeDatabase } from "../../../db/runtime-database.ts";
import { createLogger } from "../../../kernel/logger.ts";
import { newDatabasePassword, RuntimeDatabase, schemaName } from "../runtime-schema.ts";

let postgres: TemporaryPostgres;
let admin: pg.Client;
let runtimes: RuntimeDatabase;

/** As a hosted PostgreSQL gives it: an owner who may create roles and databases, and is no superuser. */
beforeAll(async () => {
  postgres = await startTemporaryPostgres();
  admin = new pg.Client({ connectionString: postgres.url("postgres") });
  await admin.connect();
  await admin.query("create role house login createrole createdb password 'house'");
  const url = new URL(postgres.url("runtimes"));
  [url.username, url.password] = ["house", "house"];
  const control = new pg.Client({ connectionString: url.href.replace(/runtimes$/, "postgres") });
  await control.connect();
  await prepareRuntimeDatabase(control, url.href, { report: () => undefined, advise: () => undefined }).finally(() => control.end());
  runtimes = new RuntimeDatabase(url.href, createLogger({ name: "test", level: "silent" }));
});
afterAll(async () => {
  await runtimes?.end();
  await admin?.end();
  await postgres?.stop();
});

/** A program in the middle of a long statement, with the lease's row locked as its writing transactions have it. */
async function busyProgram(deploymentId: string, password: string): Promise<{ ended: Promise<string> }> {
  const program = new pg.Client({ connectionString: runtimes.runtimeUrl(deploymentId, password) });
  program.on("error", () => undefined);
  await program.connect();
  await program.query("set statement_timeout = 0");
  await program.query("begin");
  await program.query("select 1 from _lease for share");
  const ended = program.query("select pg_sleep(50)").then(
    () => "slept through",
    (error: { code?: string }) => error.code ?? "cut",
  );
  await waitFor(
    async () =>
      (await admin.query("select 1 from pg_stat_activity where usename = $1 and wait_event = 'PgSleep'", [schemaName(deploymentId)]))
        .rowCount,
    { what: "the program sleeps" },
  );
  return { ended };
}

describe("a program that works on under its lease", () => {
  let number = 0;
  const actions = {
    prepare: (id: string, epoch: number) => runtimes.prepare(id, epoch, newDatabasePassword()),
    close: (id: string, epoch: number) => runtimes.close(id, epoch),
  };

  it.each(["prepare", "close"] as const)("doesn't hold up %s: its connections end first, then the lease is taken", async (action) => {
    const id = `dep_01jd000000000000000000010${number++}`;
    const password = newDatabasePassword();
    await runtimes.prepare(id, 1, password);
    const { ended } = await busyProgram(id, password);
    const started = performance.now();
    await actions[action](id, 2);
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(await ended).toBe("57P01");
    const connections = async () => (await admin.query("select 1 from pg_stat_activity where usename = $1", [schemaName(id)])).rowCount;
    await waitFor(async () => (await connections()) === 0, { within: 2_000, what: "no connection is left" });
  });
});

describe("what a program's role leaves of the disk", () => {
  const connected = async (id: string) => {
    const password = newDatabasePassword();
    await runtimes.prepare(id, 1, password);
    const program = new pg.Client({ connectionString: runtimes.runtimeUrl(id, password) });
    await program.connect();
    return program;
  };

  it("is bounded for its temporary files where the owner may set that, and it can't lift the bound", async () => {
    const unbounded = await connected("dep_unbounded");
    expect((await unbounded.query("show temp_file_limit")).rows).toEqual([{ temp_file_limit: "-1" }]);
    await unbounded.end();
    await admin.query("grant set on parameter temp_file_limit to house");
    const bounded = await connected("dep_bounded");
    expect((await bounded.query("show temp_file_limit")).rows).toEqual([{ temp_file_limit: "2GB" }]);
    await expect(bounded.query("set temp_file_limit = -1")).rejects.toMatchObject({ code: "42501" });
    await bounded.end();
  });

  it("can't be filled with large objects where a superuser migrates", async () => {
    const control = new pg.Client({ connectionString: postgres.url("postgres") });
    await control.connect();
    await prepareRuntimeDatabase(control, postgres.url("runtimes"), { report: () => undefined, advise: () => undefined }).finally(() =>
      control.end(),
    );
    const program = await connected("dep_large");
    for (const made of ["lo_create(0)", "lo_creat(0)", "lo_from_bytea(0, 'x')", "lo_put(1, 0, 'x')", "lo_open(1, 131072)"])
      await expect(program.query(`select ${made}`), made).rejects.toMatchObject({ code: "42501" });
    await program.end();
  });
});

it("a schema of many tables is dropped with few locks at a time, since the server's lock table is everybody's", async () => {
  const id = "dep_many";
  const password = newDatabasePassword();
  await runtimes.prepare(id, 1, password);
  const program = new pg.Client({ connectionString: runtimes.runtimeUrl(id, password) });
  program.on("error", () => undefined);
  await program.connect();
  for (let table = 0; table < 120; table += 1)
    await program.query(`create table t${table} (a int primary key, b int unique, c text); create index on t${table} (c)`);
  let most = 0;
  let dropping = true;
  const watch = async () => {
    while (dropping) {
      const { rows } = await admin.query<{ locks: number }>("select count(*)::int as locks from pg_locks where database <> 0");
      most = Math.max(most, rows[0]?.locks ?? 0);
      await sleep(2);
    }
  };
  const drop = runtimes.drop(id, 2).finally(() => {
    dropping = false;
  });
  await Promise.all([drop, watch()]);
  expect(most).toBeGreaterThan(20);
  expect(most).toBeLessThan(400);
  const { rowCount } = await admin.query("select 1 from pg_roles where rolname = $1", [schemaName(id)]);
  expect(rowCount).toBe(0);
  await runtimes.drop(id, 2);
});
