import { organizationRoles, type Permission, permissions, roleAllows } from "@obelisk/schemas/access";
import { describe, expect, it } from "vitest";
import { stateRefusal } from "../src/features/deployments/possible-actions.ts";
import { refusalFor } from "../src/features/session/permission.ts";

describe("offering only what would succeed", () => {
  it("agrees with the server's matrix for every role and permission", () => {
    for (const role of organizationRoles) {
      for (const permission of Object.keys(permissions) as Permission[]) {
        expect(refusalFor(role, permission) === null, `${role} ${permission}`).toBe(roleAllows(role, permission));
      }
    }
  });

  it("tells a member who could do it", () => {
    expect(refusalFor("member", "deployments.deprovision")).toBe(
      "Only owners and admins can deprovision a deployment. You are a member here.",
    );
    expect(refusalFor("admin", "deployments.publish")).toBe("Only owners can change who can read an endpoint. You are an admin here.");
  });

  it("offers nothing to someone without a membership", () => {
    expect(refusalFor(null, "organization.read")).toContain("not a member");
  });
});

describe("actions that fit a deployment's state", () => {
  const standing = (
    status: "running" | "suspended" | "failed" | "deprovisioned",
    desiredState: "running" | "suspended" | "deprovisioned" = "running",
  ) => ({
    status,
    desiredState,
    currentTask: null,
  });

  it("suspends what runs and resumes what is suspended", () => {
    expect(stateRefusal(standing("running"), "suspend")).toBeNull();
    expect(stateRefusal(standing("running"), "resume")).toMatch(/suspended/);
    expect(stateRefusal(standing("suspended", "suspended"), "resume")).toBeNull();
    expect(stateRefusal(standing("suspended", "suspended"), "redeploy")).toMatch(/Resume it first/);
  });

  it("redeploys and deprovisions what has failed", () => {
    expect(stateRefusal(standing("failed"), "redeploy")).toBeNull();
    expect(stateRefusal(standing("failed"), "deprovision")).toBeNull();
    expect(stateRefusal(standing("failed", "deprovisioned"), "redeploy")).toMatch(/partly deprovisioned/);
  });

  it("does nothing to what is gone", () => {
    for (const action of ["suspend", "resume", "redeploy", "deprovision"] as const) {
      expect(stateRefusal(standing("deprovisioned", "deprovisioned"), action)).toMatch(/nothing is left/);
    }
  });
});
