import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectOneWriterAtATime, watchBorders } from "./borders.ts";
import { actions, type Fixture, openFixture } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());

/** By the step's position, the border of it at which its worker dies: every other one at its end. */
const deaths = ["succeeded", "running", "succeeded", "running", "succeeded"];

it("a worker killed at a border of each step of a provisioning: another one has the task within 15 s and ends it, once", async () => {
  expect(deaths).toHaveLength(actions.provision.steps);
  // One task each, so that each of them dies with its own.
  const [successor, ...doomed] = await Promise.all([
    on.startWorker(),
    ...deaths.map(() => on.startWorker({ environment: { WORKER_TASKS: "1" } })),
  ]);
  for (const worker of [successor, ...doomed]) worker.freeze();
  const created = await Promise.all(deaths.map((_, position) => on.create(`Killed at step ${position}`)));
  const taskIds = created.map(({ currentTask }) => currentTask?.id ?? "");
  const killed = new Set<string>();
  const close = await watchBorders(on, ({ taskId, attempt, position, status, owner }) => {
    if (attempt !== 1 || taskIds[position] !== taskId || deaths[position] !== status) return;
    killed.add(taskId);
    doomed.find(({ id }) => id === owner)?.process.kill("SIGKILL");
  });
  for (const worker of doomed) worker.thaw();
  await waitFor(() => killed.size === deaths.length, { within: 30_000, what: "every task has come to its border" });
  await close();
  await Promise.all(doomed.map((worker) => worker.kill()));

  const began = Date.now();
  successor.thaw();
  await Promise.all(created.map(({ id }) => on.until(id, (d) => d.currentTask?.attempt === 2 || d.status === "running")));
  expect(Date.now() - began).toBeLessThan(15_000);
  await Promise.all(created.map(({ id }) => on.until(id, (d) => d.status === "running" && d.currentTask === null)));
  for (const [position, { id }] of created.entries()) {
    const task = await on.newestTask(id);
    expect(task, `killed at step ${position}`).toMatchObject({ id: taskIds[position], status: "succeeded", attempt: 2 });
    expect(await on.auditOf(task.id)).toEqual(["task.succeeded"]);
    await expectOneWriterAtATime(on, id);
  }
  const { rows } = await on.test.owner.query("select count(*)::int as programs from instances where state = 'ready'");
  expect(rows).toEqual([{ programs: deaths.length }]);
});
