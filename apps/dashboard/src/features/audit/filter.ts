import { type AuditAction, auditActions } from "@obelisk/schemas/audit";
import type { AuditSearch } from "../../routes/search.ts";

export interface AuditFilter {
  action?: AuditAction;
  actorId?: string;
  targetId?: string;
  from?: string;
  to?: string;
}

/** A search whose action is one that there is. */
export interface KnownSearch extends AuditSearch {
  action?: AuditAction;
}

/** An address may name an action that there isn't: it is left out, as the other values that make no sense. */
export function withKnownAction({ action, ...rest }: AuditSearch): KnownSearch {
  const known = auditActions.find((each) => each === action);
  return known ? { action: known, ...rest } : rest;
}

/** Whether the first day comes after the last, so that nothing can lie between them. */
export function isReversed({ from, to }: Pick<AuditSearch, "from" | "to">): boolean {
  return from !== undefined && to !== undefined && from > to;
}

/** What the URL asks for, as the server takes it. Days are whole days in the reader's time zone, both included. */
export function filterOf(search: KnownSearch): AuditFilter {
  const from = dayStart(search.from, 0);
  const to = dayStart(search.to, 1);
  return {
    ...(search.action ? { action: search.action } : {}),
    ...(search.actor ? { actorId: search.actor } : {}),
    ...(search.target ? { targetId: search.target } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

/** Midnight of a day `2026-11-23`, some days later, as an instant; undefined for no day and for days that don't exist. */
function dayStart(day: string | undefined, later: number): string | undefined {
  const [year, month, date] = (day ?? "").split("-").map(Number);
  if (!year || !month || !date) return undefined;
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? undefined : start.toISOString();
}

/** Where the browser gets the export: the same filter, the session's cookie, and the organization this tab is in. */
export function exportUrl(format: "csv" | "json", organizationId: string, filter: AuditFilter): string {
  return `/api/organization/audit-log/export?${new URLSearchParams({ format, organization: organizationId, ...filter })}`;
}
