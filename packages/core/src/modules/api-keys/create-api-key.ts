import { createApiKeySchema, type IssuedApiKey } from "@obelisk/schemas/api-keys";
import { newId } from "../../kernel/ids.ts";
import { mutation } from "../../kernel/mutation.ts";
import { hashToken } from "../../kernel/secrets.ts";
import { apiKeyLimit } from "./key-limit.ts";
import { present, shownColumns } from "./present.ts";
import { newToken, recognition } from "./token.ts";

/**
 * Issues a key of the organization. The token is in this answer and nowhere else: only its hash is kept.
 * @throws ObeliskError `plan_limit_reached`
 */
export const createApiKey = mutation({
  permission: "api-keys.manage",
  input: createApiKeySchema,
  limit: apiKeyLimit,
  run: async ({ ctx, db, input, now }): Promise<IssuedApiKey> => {
    const token = newToken();
    const row = await db
      .insertInto("apiKeys")
      .values({
        organizationId: ctx.organizationId,
        id: newId("apiKey"),
        name: input.name,
        ...recognition(token),
        tokenHash: hashToken(token),
        scopes: input.scopes,
        createdBy: ctx.actor.label,
        createdAt: now,
        expiresAt: input.expiresInSeconds === null ? null : new Date(now.getTime() + input.expiresInSeconds * 1000),
      })
      .returning(shownColumns)
      .executeTakeFirstOrThrow();
    return { key: present(row, now), token };
  },
  audit: ({ input, result: { key } }) => ({
    action: "api_key.created",
    target: { type: "api_key", id: key.id, label: key.name },
    data: { scopes: input.scopes, expiresAt: key.expiresAt },
  }),
});
