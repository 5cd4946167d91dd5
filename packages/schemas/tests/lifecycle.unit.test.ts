import { type DeploymentStatus, type DesiredState, deploymentStatuses } from "@obelisk/schemas/deployments";
import { type LifecycleAction, mayAsk } from "@obelisk/schemas/lifecycle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const asked: LifecycleAction[] = ["suspend", "resume", "redeploy", "deprovision"];
const desiredStates: DesiredState[] = ["running", "suspended", "deprovisioned"];
const standing = fc.record({ status: fc.constantFrom(...deploymentStatuses), desiredState: fc.constantFrom(...desiredStates) });

function allowed(action: LifecycleAction, status: DeploymentStatus, desiredState: DesiredState = "running"): boolean {
  return mayAsk(action, { status, desiredState }, false).allowed;
}

describe("what may be asked of a deployment", () => {
  it("allows exactly the documented actions in each settled status", () => {
    const possible = (status: DeploymentStatus) => asked.filter((action) => allowed(action, status));
    expect(possible("running")).toEqual(["suspend", "redeploy", "deprovision"]);
    expect(possible("degraded")).toEqual(["suspend", "redeploy", "deprovision"]);
    expect(possible("suspended")).toEqual(["resume", "deprovision"]);
    expect(possible("failed")).toEqual(["redeploy", "deprovision"]);
    expect(possible("deprovisioned")).toEqual([]);
  });

  it("refuses everything while a task is queued or running, in every status", () => {
    fc.assert(
      fc.property(fc.constantFrom(...asked), standing, (action, where) => {
        expect(mayAsk(action, where, true).allowed).toBe(false);
      }),
    );
  });

  it("lets a half-deprovisioned deployment only be deprovisioned", () => {
    for (const action of asked) expect(allowed(action, "failed", "deprovisioned")).toBe(action === "deprovision");
  });

  it("says in every refusal what stands in the way, and what is possible", () => {
    const verdict = mayAsk("resume", { status: "running", desiredState: "running" }, false);
    expect(verdict).toEqual({ allowed: false, reason: expect.stringContaining("suspend, redeploy, deprovision") });
    const busy = mayAsk("suspend", { status: "provisioning", desiredState: "running" }, true);
    expect(busy).toEqual({ allowed: false, reason: expect.stringContaining("cancel it first") });
  });

  it("offers a way out of every settled status but the last", () => {
    for (const status of deploymentStatuses) {
      if (["queued", "provisioning", "suspending", "deprovisioning", "deprovisioned"].includes(status)) continue;
      expect(asked.some((action) => allowed(action, status))).toBe(true);
    }
  });
});
