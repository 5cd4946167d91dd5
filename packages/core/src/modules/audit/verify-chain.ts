import type { AuditAction, AuditVerification } from "@obelisk/schemas/audit";
import { statements } from "../../db/tenant-db.ts";
import { type ChainedContent, canonicalEntry, chainHash, chainStart, type JsonValue } from "../../kernel/audit-chain.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { Actor, OrganizationContext, Platform } from "../../kernel/context.ts";
import { type EntryRow, filteredEntries } from "./entries.ts";

const batchSize = 1_000;

type Fault = NonNullable<AuditVerification["fault"]>;

/** Walks the organization's chain for a member. See `verifyChain`. */
export async function verifyAudit(ctx: OrganizationContext): Promise<AuditVerification> {
  await readAuthorized(ctx, "audit.read", {});
  return verifyChain(ctx.platform, ctx.organizationId);
}

/**
 * Recomputes every hash of an organization's audit log from its first entry to its head, and names the first place that doesn't fit:
 * an entry that was edited, removed, moved, added past the head, or cut off the end. Reads 1,000 entries at a time.
 */
export async function verifyChain(platform: Platform, organizationId: string): Promise<AuditVerification> {
  let sequence = 0;
  let hash = chainStart;
  const verdict = (fault: Fault | null): AuditVerification => ({
    intact: fault === null,
    entries: sequence,
    head: hash,
    fault,
    verifiedAt: platform.clock.now().toISOString(),
  });
  for (;;) {
    // The head and the entries come from one snapshot, so that an entry appended meanwhile is in both or in neither.
    const { heads, entries } = await platform.database.read(organizationId, {
      heads: statements.selectFrom("auditHeads").select(["sequence", "hash"]).where("organizationId", "=", organizationId),
      entries: filteredEntries(organizationId, {}).where("sequence", ">", sequence).orderBy("sequence").limit(batchSize),
    });
    for (const [index, entry] of entries.entries()) {
      const fault = faultOf(entry, sequence + 1, hash, entries.slice(index + 1));
      if (fault) return verdict(fault);
      sequence += 1;
      hash = entry.hash;
    }
    if (entries.length < batchSize) return verdict(faultAtEnd(sequence, hash, heads[0]));
  }
}

/** What is wrong with an entry that should stand at `expected`, after an entry with the hash `previous`; null when it belongs there. */
function faultOf(entry: EntryRow, expected: number, previous: string, later: readonly EntryRow[]): Fault | null {
  if (entry.sequence !== expected) return { sequence: expected, reason: `entry ${expected} was removed` };
  const computed = chainHash(previous, expected, canonicalEntry(contentOf(entry)));
  if (computed === entry.hash) return null;
  const belongsHere = later.find((other) => {
    const itsHash = chainHash(previous, expected, canonicalEntry(contentOf(other)));
    return itsHash === other.hash || itsHash === entry.hash;
  });
  if (belongsHere) {
    return { sequence: expected, reason: `entries were reordered: the one that belongs at ${expected} stands at ${belongsHere.sequence}` };
  }
  return { sequence: expected, reason: `entry ${expected} was edited, or replaced by another` };
}

function faultAtEnd(sequence: number, hash: string, head: { sequence: number; hash: string } | undefined): Fault | null {
  if (!head) {
    return {
      sequence: 1,
      reason:
        sequence === 0 ? "the log is empty: its first entry, the organization's creation, was removed" : "the chain's head was removed",
    };
  }
  if (head.sequence > sequence) {
    return { sequence: sequence + 1, reason: `the log was cut off after entry ${sequence}: its head says ${head.sequence} entries` };
  }
  if (head.sequence < sequence) return { sequence: head.sequence + 1, reason: `entry ${head.sequence + 1} was added past the head` };
  return head.hash === hash ? null : { sequence, reason: "the chain's head was edited" };
}

function contentOf(row: EntryRow): ChainedContent {
  return {
    id: row.id,
    organizationId: row.organizationId,
    at: row.at,
    actor: { type: row.actorType as Actor["type"], id: row.actorId, label: row.actorLabel },
    action: row.action as AuditAction,
    target: { type: row.targetType, id: row.targetId, label: row.targetLabel },
    data: row.data as Record<string, JsonValue>,
    requestId: row.requestId,
    ip: row.ip,
  };
}
