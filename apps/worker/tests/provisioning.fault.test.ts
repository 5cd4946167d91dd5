import { getInstance } from "@obelisk/core/modules/provisioning";
import type { TaskAction } from "@obelisk/schemas/deployments";
import { waitFor } from "@obelisk/testing/wait-for";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { actions, ask, type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
  // Says at which border of which step a task's first attempt stands, at the very commit of it.
  await on.test.owner.query(`
    create function announce_border() returns trigger language plpgsql as $$
    begin
      perform pg_notify('test_border', new.task_id || ' ' || new.attempt || ' ' || new.position || ' ' || new.status);
      return null;
    end $$;
    create trigger announce_border after update of status on task_steps for each row execute function announce_border();`);
});
afterAll(() => on.close());
beforeEach(async () => {
  await on.setFault({});
  await on.shelve();
});
afterEach(() => on.stopWorkers());

/** Does something the moment the first attempt of a task comes to a border. */
async function atBorder(position: number, status: string, act: () => void): Promise<{ reached: Promise<void>; close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: on.test.database.databaseUrl });
  await client.connect();
  const reached = new Promise<void>((resolve) => {
    client.on("notification", ({ payload = "" }) => {
      if (!payload.endsWith(` 1 ${position} ${status}`)) return;
      act();
      resolve();
    });
  });
  await client.query("listen test_border");
  return { reached, close: () => client.end() };
}

/** No two writers of one deployment ever took turns: each wrote its last row before the next wrote its first. */
async function expectOneWriterAtATime(id: string): Promise<void> {
  const writers = await on.ticks(id);
  for (let index = 1; index < writers.length; index += 1) {
    expect(writers[index]?.first.getTime()).toBeGreaterThanOrEqual(writers[index - 1]?.last.getTime() ?? 0);
    expect(writers[index]?.epoch).toBeGreaterThanOrEqual(writers[index - 1]?.epoch ?? 0);
  }
}

describe("a worker killed at any border of any step: another one ends the task within 15 s, once", () => {
  const borders = (Object.keys(actions) as TaskAction[]).flatMap((action) =>
    Array.from({ length: actions[action].steps }, (_, position) => position).flatMap((position) =>
      ["running", "succeeded"].map((status): [TaskAction, number, string] => [action, position, status]),
    ),
  );

  it.each(borders)("%s, step %i %s", async (action, position, status) => {
    const first = await on.startWorker();
    const known = action === "provision" ? null : await on.readyFor(action);
    const border = await atBorder(position, status, () => first.process.kill("SIGKILL"));
    const id = action === "provision" || known === null ? (await on.create()).id : known;
    if (action !== "provision") await ask[action](on.ctx, { id });
    await border.reached;
    await border.close();
    const began = Date.now();
    const second = await on.startWorker();
    await on.until(id, (d) => d.status === actions[action].ends && d.currentTask === null, 20_000);
    expect(Date.now() - began).toBeLessThan(15_000);
    const task = await on.newestTask(id);
    expect(task.status).toBe("succeeded");
    expect(new Set(task.steps.map(({ name }) => name)).size).toBe(actions[action].steps);
    const { rows } = await on.test.owner.query("select action from audit_entries where target_id = $1 and action like 'task.%'", [task.id]);
    expect(rows).toEqual([{ action: "task.succeeded" }]);
    if (action !== "deprovision") await expectOneWriterAtATime(id);
    if (action === "suspend") {
      const [before] = (await on.ticks(id)).slice(-1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await on.ticks(id)).slice(-1)).toEqual([before]);
    }
    await second.stop();
  });
});

describe("a frozen worker", () => {
  it("that wakes after 30 s finds everything taken over and changes nothing", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    await on.setFault({ hangOnStart: true });
    const { id: hanging } = await on.create("Hanging");
    await on.untilStep(hanging, "Wait until it answers");
    await on.setFault({});
    first.freeze();
    const second = await on.startWorker();
    await on.until(hanging, "running", 20_000);
    await waitFor(
      async () => {
        const { rows } = await on.test.owner.query("select worker_id from instances where deployment_id = $1 and state = 'ready'", [id]);
        return rows[0]?.worker_id === second.id;
      },
      { within: 20_000, what: "the second worker runs the program" },
    );
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    const snapshot = async () => {
      const { rows } = await on.test.owner.query(
        `select d.id, d.status, d.epoch::int, i.worker_id, i.epoch::int as instance_epoch, i.state, i.address, t.status as task, t.lease_owner, t.attempt
         from deployments d join instances i on i.deployment_id = d.id join tasks t on t.deployment_id = d.id
         where d.id = any($1) order by d.id`,
        [[id, hanging]],
      );
      const { rows: audit } = await on.test.owner.query("select count(*)::int as n from audit_entries");
      return { rows, audit };
    };
    const before = await snapshot();
    first.thaw();
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    expect(await snapshot()).toEqual(before);
    await expectOneWriterAtATime(id);
    await expectOneWriterAtATime(hanging);
    for (const deployment of [id, hanging]) expect((await getInstance(on.ctx, { id: deployment }))?.state).toBe("ready");
  }, 120_000);
});

describe("crash loop", () => {
  it("ends as failed with the cause, after several tries with growing pauses", async () => {
    await on.setFault({ crashAfterMs: 700 });
    await on.startWorker();
    const { id } = await on.create();
    const failed = await on.until(id, "failed", 240_000);
    expect(failed.failure?.code).toBe("crash_loop");
    expect((await getInstance(on.ctx, { id }))?.restarts).toBe(7);
  }, 260_000);
});
