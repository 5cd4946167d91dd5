import type { ApiKey } from "@obelisk/schemas/api-keys";
import { keysetPageSchema, type Page } from "@obelisk/schemas/primitives";
import type { z } from "zod";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { present, shownColumns } from "./present.ts";

/** The organization's keys, newest first, those that have ended too. `cursor` is the last key's id. */
export async function pageApiKeys(ctx: OrganizationContext, raw: z.input<typeof keysetPageSchema>): Promise<Page<ApiKey>> {
  const { limit, cursor } = keysetPageSchema.parse(raw);
  let query = statements.selectFrom("apiKeys").select(shownColumns).where("organizationId", "=", ctx.organizationId);
  if (cursor) query = query.where("id", "<", cursor);
  const { rows } = await readAuthorized(ctx, "api-keys.read", { rows: query.orderBy("id", "desc").limit(limit + 1) });
  const now = ctx.platform.clock.now();
  const items = rows.slice(0, limit).map((row) => present(row, now));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
