import type { ApiKey } from "@obelisk/schemas/api-keys";
import { keysetPageSchema, type Page } from "@obelisk/schemas/primitives";
import type { z } from "zod";
import { authorize } from "../../kernel/authorization.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { present, shownColumns } from "./present.ts";

/** The organization's keys, newest first, those that have ended too. `cursor` is the last key's id. */
export async function pageApiKeys(ctx: OrganizationContext, raw: z.input<typeof keysetPageSchema>): Promise<Page<ApiKey>> {
  const { limit, cursor } = keysetPageSchema.parse(raw);
  const rows = await ctx.platform.database.transaction(ctx.organizationId, async (db) => {
    await authorize(db, ctx, "api-keys.read");
    let query = db.selectFrom("apiKeys").select(shownColumns).where("organizationId", "=", ctx.organizationId);
    if (cursor) query = query.where("id", "<", cursor);
    return query
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
  });
  const now = ctx.platform.clock.now();
  const items = rows.slice(0, limit).map((row) => present(row, now));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
