import { type DeploymentStatus, type DesiredState, deploymentStatuses, type TaskAction } from "@obelisk/schemas/deployments";
import { mayAsk, type Standing } from "@obelisk/schemas/lifecycle";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterCancel, afterFailure, afterSuccess, courses, mayRerun, owedTo, runsAgain } from "../policy.ts";

const actions = Object.keys(courses) as TaskAction[];
const asked = actions.filter((action) => action !== "provision") as Exclude<TaskAction, "provision">[];
const desiredStates: DesiredState[] = ["running", "suspended", "deprovisioned"];
const standing = fc.record({ status: fc.constantFrom(...deploymentStatuses), desiredState: fc.constantFrom(...desiredStates) });
const progress = fc.constantFrom("looked" as const, "begun" as const, "dropping" as const);
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);

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

  it("failed because its worker can't run the program: what ran before runs again, whatever else is failed with the cause", () => {
    const cause = { code: "program_outdated", message: "the program is older than its tables" };
    for (const status of ["running", "degraded"] as const) {
      const former = { status, desiredState: "running" } as const;
      expect(afterFailure("redeploy", former, "begun", cause)).toEqual({ status: "degraded", desiredState: "running", failure: null });
      expect(runsAgain(former, "begun", { ...cause, code: "start_failed" })).toBe(false);
      expect(runsAgain(former, "dropping", cause)).toBe(false);
    }
    for (const status of ["queued", "suspended", "failed"] as const) {
      const former = { status, desiredState: "suspended" } as const;
      expect(afterFailure("resume", former, "begun", cause)).toEqual({ status: "failed", desiredState: "running", failure: cause });
    }
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
