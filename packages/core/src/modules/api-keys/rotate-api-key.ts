import { type IssuedApiKey, rotateApiKeySchema } from "@obelisk/schemas/api-keys";
import { conflict, notFound } from "../../kernel/errors.ts";
import { mutation } from "../../kernel/mutation.ts";
import { hashToken } from "../../kernel/secrets.ts";
import { present, shownColumns } from "./present.ts";
import { newToken, recognition } from "./token.ts";

/**
 * Gives a key a new token. The old one works on for the overlap, but never beyond the key's own expiry; one that an earlier rotation
 * left behind ends now.
 * @throws ObeliskError `not_found`; `conflict` for a key that was revoked or has expired.
 */
export const rotateApiKey = mutation({
  permission: "api-keys.manage",
  input: rotateApiKeySchema,
  run: async ({ ctx, db, input, now }): Promise<IssuedApiKey> => {
    const key = await db
      .selectFrom("apiKeys")
      .select(["revokedAt", "expiresAt", "tokenHash"])
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", input.id)
      .forUpdate()
      .executeTakeFirst();
    if (!key) throw notFound("API key");
    if (key.revokedAt) throw conflict("This key was revoked. Create a new one.");
    if (key.expiresAt && key.expiresAt <= now) throw conflict("This key has expired. Create a new one.");
    const token = newToken();
    const overlaps = input.overlapSeconds > 0;
    const row = await db
      .updateTable("apiKeys")
      .set({
        ...recognition(token),
        tokenHash: hashToken(token),
        previousTokenHash: overlaps ? key.tokenHash : null,
        previousTokenExpiresAt: overlaps ? overlapEnd(now, input.overlapSeconds, key.expiresAt) : null,
      })
      .where("organizationId", "=", ctx.organizationId)
      .where("id", "=", input.id)
      .returning(shownColumns)
      .executeTakeFirstOrThrow();
    return { key: present(row, now), token };
  },
  audit: ({ input, result: { key } }) => ({
    action: "api_key.rotated",
    target: { type: "api_key", id: key.id, label: key.name },
    data: { overlapSeconds: input.overlapSeconds },
  }),
});

function overlapEnd(now: Date, overlapSeconds: number, expiresAt: Date | null): Date {
  const end = now.getTime() + overlapSeconds * 1000;
  return new Date(expiresAt ? Math.min(end, expiresAt.getTime()) : end);
}
