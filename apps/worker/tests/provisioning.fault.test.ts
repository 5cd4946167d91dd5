import { setTimeout as sleep } from "node:timers/promises";
import { getInstance, readLogs } from "@obelisk/core/modules/provisioning";
import type { TaskAction } from "@obelisk/schemas/deployments";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectOneWriterAtATime, watchBorders } from "./borders.ts";
import { actions, ask, type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(async () => {
  await on.setFault({});
  await on.shelve();
});
afterEach(() => on.stopWorkers());

/** Does something the moment the first attempt of a task comes to a border. */
async function atBorder(position: number, status: string, act: () => void): Promise<{ reached: Promise<void>; close(): Promise<void> }> {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const close = await watchBorders(on, (border) => {
    if (border.attempt !== 1 || border.position !== position || border.status !== status) return;
    act();
    resolve();
  });
  return { reached, close };
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
    if (action !== "deprovision") await expectOneWriterAtATime(on, id);
    if (action === "suspend") {
      const [before] = (await on.ticks(id)).slice(-1);
      await sleep(300);
      expect((await on.ticks(id)).slice(-1)).toEqual([before]);
    }
    await second.stop();
  });
});

describe("a frozen worker", () => {
  it("loses everything to another one within 15 s, and woken after 30 s changes nothing", async () => {
    const first = await on.startWorker();
    const { id } = await on.create();
    await on.until(id, "running");
    await on.setFault({ hangOnStart: true });
    const { id: hanging } = await on.create("Hanging");
    // It has read what it is told to do: the next start of it is told nothing.
    await waitFor(async () => (await readLogs(on.ctx, { id: hanging, limit: 10 })).some(({ message }) => message === "hanging"), {
      what: "it hangs",
    });
    await on.setFault({});
    const second = await on.startWorker();
    const frozenAt = performance.now();
    first.freeze();
    await waitFor(
      async () => {
        const { rows } = await on.test.owner.query(
          `select 1 from instances where deployment_id = $1 and worker_id = $3
           union all select 2 from tasks where deployment_id = $2 and lease_owner = $3`,
          [id, hanging, second.id],
        );
        return rows.length === 2;
      },
      { within: 15_000, what: "the second worker has task and program" },
    );
    expect(performance.now() - frozenAt).toBeLessThan(15_000);
    await on.until(hanging, "running");
    await waitFor(async () => (await getInstance(on.ctx, { id }))?.state === "ready", { what: "its program answers again" });
    await sleep(frozenAt + 30_000 - performance.now());
    const snapshot = async () => {
      const { rows } = await on.test.owner.query(
        `select d.id, d.status, d.epoch::int, i.worker_id, i.epoch::int as instance_epoch, i.state, i.address, t.status as task, t.lease_owner, t.attempt,
           d.health->>'status' as health, (select json_agg(s order by s.attempt, s.position) from task_steps s where s.task_id = t.id) as steps
         from deployments d join instances i on i.deployment_id = d.id join tasks t on t.deployment_id = d.id
         where d.id = any($1) order by d.id`,
        [[id, hanging]],
      );
      const { rows: audit } = await on.test.owner.query("select count(*)::int as n from audit_entries");
      return { rows, audit };
    };
    const before = await snapshot();
    expect(performance.now() - frozenAt).toBeGreaterThanOrEqual(30_000);
    first.thaw();
    await sleep(8_000);
    expect(await snapshot()).toEqual(before);
    await expectOneWriterAtATime(on, id);
    await expectOneWriterAtATime(on, hanging);
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
