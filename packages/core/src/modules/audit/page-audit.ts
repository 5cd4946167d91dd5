import { type AuditEntry, auditFilterSchema } from "@obelisk/schemas/audit";
import type { Page } from "@obelisk/schemas/primitives";
import type { z } from "zod";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { fieldErrors, invalidRequest } from "../../kernel/errors.ts";
import { filteredEntries, toEntry } from "./entries.ts";

/**
 * A page of the audit log, newest first. `cursor` is the sequence of the last entry seen.
 * @throws ObeliskError `invalid_request` for a filter or cursor that isn't one.
 */
export async function pageAudit(ctx: OrganizationContext, raw: z.input<typeof auditFilterSchema>): Promise<Page<AuditEntry>> {
  const parsed = auditFilterSchema.safeParse(raw);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  const { limit, cursor, ...filter } = parsed.data;
  let query = filteredEntries(ctx.organizationId, filter);
  if (cursor) query = query.where("sequence", "<", Number(cursor));
  const { rows } = await readAuthorized(ctx, "audit.read", { rows: query.orderBy("sequence", "desc").limit(limit + 1) });
  const items = rows.slice(0, limit).map(toEntry);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? String(last.sequence) : null };
}
