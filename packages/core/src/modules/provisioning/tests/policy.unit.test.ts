import { type DeploymentStatus, type DesiredState, deploymentStatuses, type TaskAction } from "@obelisk/schemas/deployments";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterCancel, afterFailure, afterSuccess, courses, mayAsk, mayRerun, owedTo, type Standing } from "../policy.ts";

const actions = Object.keys(courses) as TaskAction[];
const asked = actions.filter((action) => action !== "provision") as Exclude<TaskAction, "provision">[];
const desiredStates: DesiredState[] = ["running", "suspended", "deprovisioned"];
const standing = fc.record({ status: fc.constantFrom(...deploymentStatuses), desiredState: fc.constantFrom(...desiredStates) });
const progress = fc.constantFrom("looked" as const, "begun" as const, "dropping" as const);
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);

function allowed(action: Exclude<TaskAction, "provision">, status: DeploymentStatus, desiredState: DesiredState = "running"): boolean {
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
});

describe("running a task again", () => {
  it("takes only the newest task, and only one that failed or was cancelled", () => {
    const where: Standing = { status: "failed", desiredState: "running" };
    for (const status of ["queued", "running", "succeeded"]) {
      expect(mayRerun({ action: "provision", status, isNewest: true }, where, false).allowed).toBe(false);
    }
    for (const status of ["failed", "cancelled"]) {
      expect(mayRerun({ action: "provision", status, isNewest: true }, where, false).allowed).toBe(true);
      expect(mayRerun({ action: "provision", status, isNewest: false }, where, false).allowed).toBe(false);
      expect(mayRerun({ action: "provision", status, isNewest: true }, where, true).allowed).toBe(false);
    }
  });

  it("never provisions a deployment that runs", () => {
    fc.assert(
      fc.property(standing, fc.boolean(), (where, active) => {
        const verdict = mayRerun({ action: "provision", status: "failed", isNewest: true }, where, active);
        expect(verdict.allowed).toBe(where.status === "failed" && !active);
      }),
    );
  });
});

describe("where a task leaves its deployment", () => {
  it("always in a settled status; failed, it keeps the wish and shows the cause, unless it was only looked at", () => {
    const cause = { code: "provisioning_unavailable", message: "no RPC answers" };
    const settled: DeploymentStatus[] = ["running", "degraded", "suspended", "deprovisioned", "failed"];
    fc.assert(
      fc.property(fc.constantFrom(...actions), standing, fc.boolean(), progress, (action, former, flag, reached) => {
        expect(settled).toContain(afterSuccess(action, flag).status);
        expect(settled).toContain(afterCancel(former, reached, flag).status);
        const landing = afterFailure(action, former, reached, cause);
        if (reached === "looked" && settled.includes(former.status)) expect(landing).toMatchObject(former);
        else if (reached !== "looked" || former.status === "queued")
          expect(landing).toEqual({ status: "failed", desiredState: courses[action].desired, failure: cause });
      }),
    );
  });

  it("failed before it touched anything: a suspended deployment can still be resumed, a failed one still be redeployed", () => {
    const cause = { code: "capacity", message: "every worker is full" };
    const suspended = { status: "suspended", desiredState: "suspended" } as const;
    for (const action of ["resume", "deprovision"] as const) {
      expect(afterFailure(action, suspended, "looked", cause)).toEqual({ ...suspended, failure: null });
    }
    const failed = { status: "failed", desiredState: "running" } as const;
    expect(afterFailure("deprovision", failed, "looked", cause)).toEqual({ ...failed, failure: cause });
    expect(afterFailure("provision", { status: "queued", desiredState: "running" }, "looked", cause)).toMatchObject({ status: "failed" });
  });

  it("cancelled: back where it was, and failed with the code cancelled when it never ran", () => {
    expect(afterCancel({ status: "suspended", desiredState: "suspended" }, "begun", false)).toMatchObject({
      status: "suspended",
      desiredState: "suspended",
    });
    expect(afterCancel({ status: "running", desiredState: "running" }, "looked", false)).toMatchObject({ status: "running" });
    expect(afterCancel({ status: "running", desiredState: "running" }, "begun", false)).toMatchObject({
      status: "degraded",
      desiredState: "running",
    });
    expect(afterCancel({ status: "running", desiredState: "running" }, "begun", true)).toMatchObject({ status: "running" });
    expect(afterCancel({ status: "queued", desiredState: "running" }, "begun", false)).toMatchObject({
      status: "failed",
      failure: { code: "cancelled" },
    });
  });

  it("cancelled while data was being dropped: nothing but deprovisioning again is possible", () => {
    fc.assert(
      fc.property(standing, (former) => {
        const left = afterCancel(former, "dropping", true);
        expect(left).toMatchObject({ status: "failed", desiredState: "deprovisioned", failure: { code: "cancelled" } });
        expect(asked.filter((action) => mayAsk(action, left, false).allowed)).toEqual(["deprovision"]);
      }),
    );
  });

  it("offers a way out of every settled status but the last", () => {
    for (const status of deploymentStatuses) {
      if (["queued", "provisioning", "suspending", "deprovisioning", "deprovisioned"].includes(status)) continue;
      expect(asked.some((action) => allowed(action, status))).toBe(true);
    }
  });
});

describe("what the reconciler owes a task", () => {
  it("nothing while its worker gives signs of life, past the deadline too", () => {
    expect(owedTo({ status: "running", deadlineAt: at(-100), leaseExpiresAt: at(1) }, at(0))).toBe("nothing");
  });

  it("a place in the queue when its worker is gone or nobody took it, and its end past the deadline", () => {
    expect(owedTo({ status: "running", deadlineAt: at(60), leaseExpiresAt: at(0) }, at(0))).toBe("enqueue");
    expect(owedTo({ status: "queued", deadlineAt: at(60), leaseExpiresAt: null }, at(0))).toBe("enqueue");
    expect(owedTo({ status: "queued", deadlineAt: at(0), leaseExpiresAt: null }, at(0))).toBe("fail");
    expect(owedTo({ status: "running", deadlineAt: at(0), leaseExpiresAt: at(-1) }, at(0))).toBe("fail");
  });
});
