import { organizationRoles, type Permission, permissions, roleAllows } from "@obelisk/schemas/access";
import { describe, expect, it } from "vitest";
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
