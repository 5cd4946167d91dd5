import { type ApiKey, apiKeyFilterSchema } from "@obelisk/schemas/api-keys";
import { idPrefixes, type Page } from "@obelisk/schemas/primitives";
import { sql } from "kysely";
import type { z } from "zod";
import { beginningWith, containing } from "../../db/like.ts";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { fieldErrors, invalidRequest } from "../../kernel/errors.ts";
import { ofStatus, present, shownColumns } from "./present.ts";

/** The organization's keys, newest first, those that have ended too. `cursor` is the last key's id. @throws ObeliskError `invalid_request` */
export async function pageApiKeys(ctx: OrganizationContext, raw: z.input<typeof apiKeyFilterSchema>): Promise<Page<ApiKey>> {
  const parsed = apiKeyFilterSchema.safeParse(raw);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  const { limit, cursor, status, search } = parsed.data;
  const now = ctx.platform.clock.now();
  let query = statements.selectFrom("apiKeys").select(shownColumns).where("organizationId", "=", ctx.organizationId);
  if (status) query = query.where(ofStatus(status, now));
  if (search) {
    const begins = beginningWith(search);
    // The prefix alone is every id's.
    const ids = search.length > `${idPrefixes.apiKey}_`.length ? sql`id like ${begins}` : sql`false`;
    query = query.where(sql<boolean>`(name ilike ${containing(search)} or prefix like ${begins} or ${ids})`);
  }
  if (cursor) query = query.where("id", "<", cursor);
  const { rows } = await readAuthorized(ctx, "api-keys.read", { rows: query.orderBy("id", "desc").limit(limit + 1) });
  const items = rows.slice(0, limit).map((row) => present(row, now));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
