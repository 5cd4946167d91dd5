import { type AuditEntry, auditActionSchema } from "@obelisk/schemas/audit";
import { instantSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import type { OrganizationContext } from "../../kernel/context.ts";
import { mutation } from "../../kernel/mutation.ts";
import { toCsvLine } from "./csv.ts";
import { type Filter, filteredEntries, toEntry } from "./entries.ts";

export const exportAuditSchema = z.strictObject({
  format: z.enum(["csv", "json"], { error: "expected csv or json" }),
  action: auditActionSchema.optional(),
  actorId: z.string().max(64).optional(),
  targetId: z.string().max(64).optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
});

const batchSize = 500;

const columns = [
  "sequence",
  "id",
  "at",
  "actorType",
  "actorId",
  "actorLabel",
  "action",
  "targetType",
  "targetId",
  "targetLabel",
  "data",
  "requestId",
  "ip",
  "hash",
] as const;

interface Extent {
  format: "csv" | "json";
  filter: Record<string, string>;
  /** Sequence of the last entry that belongs to the export. */
  upTo: number;
}

/** Records the export and says how far the log reaches at that moment. */
const recordExport = mutation({
  permission: "audit.read",
  input: exportAuditSchema,
  run: async ({ ctx, db, input: { format, ...filter } }): Promise<Extent> => {
    const head = await db.selectFrom("auditHeads").select("sequence").where("organizationId", "=", ctx.organizationId).executeTakeFirst();
    return {
      format,
      filter: Object.fromEntries(Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
      upTo: head?.sequence ?? 0,
    };
  },
  audit: ({ ctx, result: { format, filter, upTo } }) => ({
    action: "audit.exported",
    target: { type: "organization", id: ctx.organizationId, label: "audit log" },
    data: { format, filter, upTo },
  }),
});

/**
 * The audit log as text, oldest entry first, in pieces of bounded size. The export is itself recorded before the first piece; entries
 * written later are not part of it.
 *
 * @throws ObeliskError `invalid_request`, `forbidden`, `not_found` before anything is given.
 */
export async function exportAudit(ctx: OrganizationContext, input: z.input<typeof exportAuditSchema>): Promise<AsyncIterable<string>> {
  const { format, filter, upTo } = await recordExport(ctx, input);
  const batches = readBatches(ctx, filter as Filter, upTo);
  return format === "csv" ? asCsv(batches) : asJson(batches);
}

async function* readBatches(ctx: OrganizationContext, filter: Filter, upTo: number): AsyncGenerator<AuditEntry[]> {
  let after = 0;
  for (;;) {
    const { rows } = await ctx.platform.database.read(ctx.organizationId, {
      rows: filteredEntries(ctx.organizationId, filter)
        .where("sequence", ">", after)
        .where("sequence", "<=", upTo)
        .orderBy("sequence")
        .limit(batchSize),
    });
    if (rows.length > 0) yield rows.map(toEntry);
    after = rows.at(-1)?.sequence ?? upTo;
    if (rows.length < batchSize) return;
  }
}

async function* asCsv(batches: AsyncIterable<AuditEntry[]>): AsyncGenerator<string> {
  yield toCsvLine(columns);
  for await (const entries of batches) {
    yield entries
      .map(({ actor, target, data, ...entry }) =>
        toCsvLine([
          ...[String(entry.sequence), entry.id, entry.at, actor.type, actor.id, actor.label, entry.action],
          ...[target.type, target.id, target.label, JSON.stringify(data), entry.requestId, entry.ip ?? "", entry.hash],
        ]),
      )
      .join("");
  }
}

async function* asJson(batches: AsyncIterable<AuditEntry[]>): AsyncGenerator<string> {
  let lead = "[\n";
  for await (const entries of batches) {
    yield lead + entries.map((entry) => JSON.stringify(entry)).join(",\n");
    lead = ",\n";
  }
  yield lead === "[\n" ? "[]\n" : "\n]\n";
}
