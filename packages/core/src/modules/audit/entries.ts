import type { AuditAction, AuditEntry, auditFilterSchema } from "@obelisk/schemas/audit";
import { idPrefixes } from "@obelisk/schemas/primitives";
import type { Selectable, SelectQueryBuilder } from "kysely";
import type { z } from "zod";
import { statements } from "../../db/tenant-db.ts";
import type { AuditEntries, DB } from "../../db/types.gen.ts";
import type { Actor } from "../../kernel/context.ts";

export type EntryRow = Selectable<AuditEntries>;
export type Filter = Pick<z.output<typeof auditFilterSchema>, "action" | "actorId" | "targetId" | "from" | "to">;

/** The organization's entries that a filter lets through, in no order yet. A deployment as target lets those of its tasks through, too. */
export function filteredEntries(organizationId: string, filter: Filter): SelectQueryBuilder<DB, "auditEntries", EntryRow> {
  let query = statements.selectFrom("auditEntries").selectAll().where("organizationId", "=", organizationId);
  if (filter.action) query = query.where("action", "=", filter.action);
  if (filter.actorId) query = query.where("actorId", "=", filter.actorId);
  if (filter.targetId) query = query.where(isDeployment(filter.targetId) ? "subjectId" : "targetId", "=", filter.targetId);
  if (filter.from) query = query.where("at", ">=", new Date(filter.from));
  if (filter.to) query = query.where("at", "<=", new Date(filter.to));
  return query;
}

function isDeployment(id: string): boolean {
  return id.startsWith(`${idPrefixes.deployment}_`);
}

export function toEntry(row: EntryRow): AuditEntry {
  return {
    id: row.id,
    sequence: row.sequence,
    at: row.at.toISOString(),
    actor: { type: row.actorType as Actor["type"], id: row.actorId, label: row.actorLabel },
    action: row.action as AuditAction,
    target: { type: row.targetType, id: row.targetId, label: row.targetLabel },
    data: row.data as AuditEntry["data"],
    requestId: row.requestId,
    ip: row.ip,
    hash: row.hash,
  };
}
