import type { ApiKey } from "@obelisk/schemas/api-keys";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { conflict, notFound } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { present, shownColumns } from "./present.ts";

/**
 * Ends a key at once, with the token a rotation may have left behind.
 * @throws ObeliskError `not_found`; `conflict` for a key that was revoked already.
 */
export const revokeApiKey = mutation({
  permission: "api-keys.manage",
  input: z.strictObject({ id: idSchema("apiKey") }),
  run: async ({ ctx, db, input, now }): Promise<ApiKey> => {
    const key = await db
      .selectFrom("apiKeys")
      .select("revokedAt")
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", input.id)
      .forUpdate()
      .executeTakeFirst();
    if (!key) throw notFound("API key");
    if (key.revokedAt) throw conflict("This key was revoked already.");
    const row = await db
      .updateTable("apiKeys")
      .set({ revokedAt: now })
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", input.id)
      .returning(shownColumns)
      .executeTakeFirstOrThrow();
    return present(row, now);
  },
  audit: ({ result }) => ({ action: "api_key.revoked", target: { type: "api_key", id: result.id, label: result.name }, data: {} }),
});
