import type { Deployment } from "@obelisk/schemas/deployments";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { conflict } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { lockDeployment, readDeployment } from "./store.ts";

const inputSchema = z.object({ id: idSchema("deployment"), visibility: z.enum(["private", "public"]) });

/** Opens a deployment's endpoints to everyone, or closes them to all but the organization and its keys. */
export const setVisibility = mutation({
  permission: "deployments.publish",
  input: inputSchema,
  async run({ ctx, db, input, now }): Promise<Deployment> {
    const { status } = await lockDeployment(db, ctx.organizationId, input.id);
    if (status === "deprovisioned") throw conflict("The deployment is deprovisioned: it has no endpoints.");
    await db
      .updateTable("deployments")
      .set({ visibility: input.visibility, updatedAt: now })
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", input.id)
      .execute();
    return readDeployment(db, ctx.organizationId, input.id, ctx.platform.settings.baseUrl);
  },
  audit: ({ input, result }) => ({
    action: "deployment.visibility_changed",
    target: { type: "deployment", id: result.id, label: result.name },
    data: { visibility: input.visibility },
  }),
});
