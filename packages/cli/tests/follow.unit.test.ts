import type { Deployment, DeploymentStatus, Task } from "@obelisk/schemas/deployments";
import type { ObeliskClient } from "@obelisk/sdk";
import { describe, expect, it } from "vitest";
import { follow } from "../src/deployments/follow.ts";

const step = (name: string, status: Task["steps"][number]["status"]): Task["steps"][number] => ({
  ...{ name, status, detail: null },
  startedAt: status === "pending" ? null : "2030-01-01T00:00:00.000Z",
  finishedAt: status === "succeeded" || status === "failed" ? "2030-01-01T00:00:00.120Z" : null,
});

const task = (status: Task["status"], steps: Task["steps"], failure: Task["failure"] = null) =>
  ({ id: "tsk_1", action: "provision", status, steps, failure }) as Task;

const deployment = (status: DeploymentStatus, currentTask: Task | null) =>
  ({ id: "dep_1", kind: "indexer", status, currentTask, failure: null }) as Deployment;

/** A client that shows these states of a deployment one after the other, the last one again and again. */
function showing(...states: Deployment[]): { client: ObeliskClient; first: Deployment } {
  const [first] = states;
  let index = 0;
  const deployments = {
    get: async () => {
      index = Math.min(index + 1, states.length - 1);
      return states[index];
    },
    tasks: async () => ({ data: states.flatMap((state) => (state.currentTask ? [state.currentTask] : [])).slice(-1) }),
  };
  return { client: { deployments } as unknown as ObeliskClient, first: first as Deployment };
}

describe("following a task", () => {
  it("tells each step once and ends when deployment and task are where they should be", async () => {
    const { client, first } = showing(
      deployment("queued", task("queued", [step("preflight", "pending")])),
      deployment("provisioning", task("running", [step("preflight", "succeeded"), step("start", "running")])),
      deployment("running", task("succeeded", [step("preflight", "succeeded"), step("start", "succeeded")])),
    );
    const told: string[] = [];
    const end = await follow(client, first, { goal: "running", within: 10_000, report: (line) => told.push(line) });
    expect(end.status).toBe("running");
    expect(told.map((line) => line.replace(/\s+/g, " "))).toEqual(["✓ preflight 120 ms", "✓ start 120 ms"]);
  });

  it("fails with the cause of a failed task, and says how to run it again", async () => {
    const failed = task("failed", [step("start", "failed")], { code: "runtime_exited", message: "exit 64: bad ABI" });
    const { client, first } = showing(deployment("provisioning", task("running", [])), deployment("failed", failed));
    const outcome = follow(client, first, { goal: "running", within: 10_000, report: () => undefined });
    await expect(outcome).rejects.toMatchObject({
      message: expect.stringContaining("runtime_exited: exit 64: bad ABI"),
      remedy: expect.stringContaining("rerun dep_1 tsk_1"),
    });
  });

  it("gives up when its time is over and says that the work goes on", async () => {
    const { client, first } = showing(deployment("queued", task("queued", [])));
    const outcome = follow(client, first, { goal: "running", within: 1, report: () => undefined });
    await expect(outcome).rejects.toMatchObject({ message: expect.stringContaining("queued"), remedy: expect.stringContaining("goes on") });
  });
});
