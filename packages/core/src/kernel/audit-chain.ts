import { createHash } from "node:crypto";
import type { AuditAction } from "@obelisk/schemas/audit";
import { type CompiledQuery, sql } from "kysely";
import { statements } from "../db/tenant-db.ts";
import type { Actor } from "./context.ts";
import { newId } from "./ids.ts";

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a change tells the audit log. Never put a secret into `data`. */
export interface AuditRecord {
  action: AuditAction;
  target: { type: string; id: string; label: string };
  data: Record<string, JsonValue>;
}

/** An entry without its place in the chain: exactly what the hash covers besides the sequence and the previous hash. */
export interface ChainedContent extends AuditRecord {
  id: string;
  organizationId: string;
  /** Whole milliseconds, as the column keeps more than a JavaScript date. */
  at: Date;
  actor: Actor;
  requestId: string;
  ip: string | null;
}

/** What the first entry of a chain has as its previous hash. */
export const chainStart = "0".repeat(64);

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] as JsonValue)]),
  );
}

/** The one spelling of an entry that is hashed: a JSON array of its fields in this order, object keys sorted. */
export function canonicalEntry(entry: ChainedContent): string {
  return JSON.stringify([
    entry.organizationId,
    entry.id,
    entry.at.toISOString(),
    [entry.actor.type, entry.actor.id, entry.actor.label],
    entry.action,
    [entry.target.type, entry.target.id, entry.target.label],
    sorted(entry.data),
    entry.requestId,
    entry.ip,
  ]);
}

/** Hex SHA-256 over previous hash, sequence and entry, separated by newlines. The database computes the same when it appends. */
export function chainHash(previousHash: string, sequence: number, canonical: string): string {
  return createHash("sha256").update(`${previousHash}\n${sequence}\n${canonical}`, "utf8").digest("hex");
}

/**
 * The statement that appends an entry. It takes the chain's head, so it belongs at the very end of a transaction: until the commit
 * no other change of the organization can append.
 */
export function appendEntry(entry: Omit<ChainedContent, "id">): CompiledQuery {
  const content: ChainedContent = { ...entry, id: newId("audit") };
  const canonical = canonicalEntry(content);
  return sql`
    with head as (
      insert into audit_heads as h (organization_id, sequence, hash)
      values (${content.organizationId}, 1,
        encode(sha256(convert_to(${chainStart} || E'\n1\n' || ${canonical}, 'UTF8')), 'hex'))
      on conflict (organization_id) do update set
        sequence = h.sequence + 1,
        hash = encode(sha256(convert_to(h.hash || E'\n' || (h.sequence + 1)::text || E'\n' || ${canonical}, 'UTF8')), 'hex')
      returning sequence, hash
    )
    insert into audit_entries (organization_id, sequence, id, at, actor_type, actor_id, actor_label, action,
      target_type, target_id, target_label, data, request_id, ip, hash)
    select ${content.organizationId}, head.sequence, ${content.id}, ${content.at}::timestamptz, ${content.actor.type}, ${content.actor.id},
      ${content.actor.label}, ${content.action}, ${content.target.type}, ${content.target.id}, ${content.target.label},
      ${JSON.stringify(content.data)}::jsonb, ${content.requestId}, ${content.ip}, head.hash
    from head`.compile(statements);
}
