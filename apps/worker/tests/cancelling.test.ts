import { setTimeout as sleep } from "node:timers/promises";
import {
  cancelTask,
  deprovisionDeployment,
  getInstance,
  redeployDeployment,
  rerunTask,
  suspendDeployment,
} from "@obelisk/core/modules/provisioning";
import type { TaskAction } from "@obelisk/schemas/deployments";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { actions, ask, type Fixture, openFixture, type WorkerProcess } from "./fixture.ts";

let on: Fixture;

beforeAll(async () => {
  on = await openFixture();
});
afterAll(() => on.close());
beforeEach(() => on.setFault({}));

describe("cancelling", () => {
  let worker: WorkerProcess;

  beforeAll(async () => {
    worker = await on.startWorker();
  });
  afterAll(() => on.stopWorkers());

  it("a running provisioning ends it as failed with the code cancelled, nothing left running, and it can be run again", async () => {
    await on.setFault({ hangOnStart: true });
    const { id, currentTask } = await on.create();
    await on.untilStep(id, "Wait until it answers");
    const began = Date.now();
    await cancelTask(on.ctx, { taskId: currentTask?.id ?? "" });
    const cancelled = await on.until(id, "failed");
    expect(Date.now() - began).toBeLessThan(7_000);
    expect(cancelled.failure?.code).toBe("cancelled");
    expect(await on.task(id, currentTask?.id ?? "")).toMatchObject({ status: "cancelled", cancelRequested: true });
    const { rows } = await on.test.owner.query("select state from instances where deployment_id = $1", [id]);
    expect(rows).toEqual([{ state: "stopped" }]);
    await on.setFault({});
    await rerunTask(on.ctx, { taskId: currentTask?.id ?? "" });
    await on.until(id, "running");
  });

  it("at any moment of a provisioning ends it as cancelled, unless it had succeeded by then", async () => {
    const ends = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const { id, currentTask } = await on.create(`cancelled after ${index * 80} ms`);
        await sleep(index * 80);
        const taskId = currentTask?.id ?? "";
        const refusal = await cancelTask(on.ctx, { taskId }).then(
          () => null,
          (error: unknown) => (error as { code?: string }).code,
        );
        const { currentTask: left } = await on.until(id, (d) => d.currentTask === null);
        expect(left).toBeNull();
        const { status, failure } = await on.task(id, taskId);
        return { status, failure, refusal };
      }),
    );
    for (const { status, failure, refusal } of ends) {
      expect(failure).toBeNull();
      // What was accepted holds, also where the last step had ended by then.
      expect(status).toBe(refusal === "conflict" ? "succeeded" : "cancelled");
    }
    expect(ends.some(({ status }) => status === "cancelled")).toBe(true);
  });

  it("a suspending one gives back where the deployment stood, a deprovisioning one that drops data already does not claim to", async () => {
    const { id } = await on.create();
    await on.until(id, "running");
    const schema = id.replace("dep_", "rt_");
    /** Cancels a task the moment it waits for the lock that keeps it in the middle of its last step. */
    const cancelUnder = async (lock: string, ask: () => Promise<{ currentTask: { id: string } | null }>) => {
      const holder = await on.runtimes.connect();
      try {
        await holder.query("begin");
        await holder.query(lock);
        const taskId = (await ask()).currentTask?.id ?? "";
        await on.until(id, (d) => d.currentTask?.steps[1]?.status === "running");
        await cancelTask(on.ctx, { taskId });
        await holder.query("commit");
        await on.until(id, (d) => d.currentTask === null);
        expect(await on.task(id, taskId)).toMatchObject({ status: "cancelled" });
      } finally {
        holder.release();
      }
    };
    await cancelUnder(`select 1 from ${schema}._lease for update`, () => suspendDeployment(on.ctx, { id }));
    await on.until(id, "running");
    expect(await on.get(id)).toMatchObject({ desiredState: "running", failure: null });

    await cancelUnder(`lock table ${schema}.ticks in access share mode`, () => deprovisionDeployment(on.ctx, { id }));
    expect(await on.get(id)).toMatchObject({ status: "failed", desiredState: "deprovisioned", failure: { code: "cancelled" } });
    await expect(redeployDeployment(on.ctx, { id })).rejects.toMatchObject({ code: "conflict" });
    await deprovisionDeployment(on.ctx, { id });
    await on.until(id, "deprovisioned");
  });

  it("a queued task ends it at once and gives back where the deployment stood", async () => {
    const { id } = await on.create();
    await on.until(id, "running");
    worker.freeze();
    const suspending = await suspendDeployment(on.ctx, { id });
    const task = await cancelTask(on.ctx, { taskId: suspending.currentTask?.id ?? "" });
    expect(task.status).toBe("cancelled");
    expect((await on.get(id)).status).toBe("running");
    worker.thaw();
    await expect(cancelTask(on.ctx, { taskId: task.id })).rejects.toMatchObject({ code: "conflict" });
  });

  describe("between any two steps ends it as cancelled, gives back where the deployment stood, and it can be asked for again", () => {
    const borders = (Object.keys(actions) as TaskAction[]).flatMap((action) =>
      Array.from({ length: actions[action].steps - 1 }, (_, position): [TaskAction, number] => [action, position]),
    );

    it.each(borders)("%s, after step %i", async (action, position) => {
      const id = action === "provision" ? null : await on.readyFor(action);
      const border = await on.holdAfter(action, position);
      const asked = action === "provision" || !id ? await on.create() : await ask[action](on.ctx, { id });
      const taskId = asked.currentTask?.id ?? "";
      await border.reached();
      await cancelTask(on.ctx, { taskId });
      await border.release();

      const settled = await on.until(asked.id, (d) => d.currentTask === null);
      const task = await on.task(asked.id, taskId);
      expect(task).toMatchObject({ status: "cancelled", cancelRequested: true, failure: null });
      expect(task.steps.map(({ status }) => status)).toEqual(
        Array.from({ length: actions[action].steps }, (_, index) => (index <= position ? "succeeded" : "cancelled")),
      );
      expect(await on.auditOf(taskId)).toEqual(["task.cancel_requested", "task.cancelled"]);
      if (action === "provision") {
        expect(settled).toMatchObject({ status: "failed", failure: { code: "cancelled" } });
        expect(await getInstance(on.ctx, { id: asked.id }).catch(() => null)).not.toMatchObject({ state: "ready" });
        await rerunTask(on.ctx, { taskId });
        await on.until(asked.id, "running");
        return;
      }
      if (action === "resume") expect(settled).toMatchObject({ status: "suspended", desiredState: "suspended", failure: null });
      else expect(await on.until(asked.id, "running")).toMatchObject({ desiredState: "running", failure: null });
      await ask[action](on.ctx, { id: asked.id });
      await on.until(asked.id, (d) => d.currentTask === null && d.status === actions[action].ends);
    });
  });
});
