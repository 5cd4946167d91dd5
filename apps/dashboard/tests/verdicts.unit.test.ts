import { type DeploymentStatus, deploymentStatuses, type Task } from "@obelisk/schemas/deployments";
import { describe, expect, it } from "vitest";
import { shownTask } from "../src/features/deployments/shown-task.ts";
import { healthVerdict } from "../src/features/organizations/health-verdict.ts";

const counts = (some: Partial<Record<DeploymentStatus, number>>) =>
  ({ ...Object.fromEntries(deploymentStatuses.map((status) => [status, 0])), ...some }) as Record<DeploymentStatus, number>;

describe("what deployments come to", () => {
  it("is said of one and of several in their own forms", () => {
    expect(healthVerdict(counts({ failed: 1 }), 0).text).toBe("1 deployment failed and needs a look");
    expect(healthVerdict(counts({ failed: 2 }), 0).text).toBe("2 deployments failed and need a look");
    expect(healthVerdict(counts({ running: 1 }), 1).text).toBe("1 deployment not checked lately: how it is now isn't known");
    expect(healthVerdict(counts({ running: 3 }), 3).text).toBe("3 deployments not checked lately: how they are now isn't known");
  });
  it("is the worst there is, and well only where everything that runs was looked at", () => {
    expect(healthVerdict(counts({ failed: 1, degraded: 1, running: 1 }), 1).tone).toBe("bad");
    expect(healthVerdict(counts({ degraded: 1, running: 1 }), 1).text).toBe("1 deployment degraded");
    expect(healthVerdict(counts({ running: 2 }), 1).tone).toBe("warn");
    expect(healthVerdict(counts({ running: 2 }), 0)).toEqual({ tone: "ok", text: "Everything that runs is healthy" });
    expect(healthVerdict(counts({ suspended: 2 }), 0).text).toBe("Nothing is running");
  });
});

describe("the task that is shown", () => {
  const task = (id: string, status: Task["status"]) => ({ id, status }) as Task;
  const seen = task("tsk_2", "running");
  it("is the one under way, whatever the list says", () => {
    expect(shownTask(seen, null, task("tsk_3", "succeeded"))).toBe(seen);
  });
  it("never goes back to an earlier state or task while the list is from before its end", () => {
    expect(shownTask(null, seen, task("tsk_2", "running"))).toBe(seen);
    expect(shownTask(null, seen, task("tsk_1", "succeeded"))).toBe(seen);
    expect(shownTask(null, seen, undefined)).toBe(seen);
  });
  it("is how it ended once the list knows, and the last one where none was seen under way", () => {
    for (const status of ["succeeded", "failed", "cancelled"] as const) {
      const ended = task("tsk_2", status);
      expect(shownTask(null, seen, ended)).toBe(ended);
      expect(shownTask(null, null, ended)).toBe(ended);
    }
    expect(shownTask(null, null, task("tsk_2", "running"))).toBeNull();
  });
});
