import type { AuditParties } from "@obelisk/schemas/audit";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";

/** The newest entries looked at, and parties given of each kind. */
const bounds = { entries: 5_000, parties: 100 };

/** Who acted and what was acted on in the newest entries. Tasks are left out: each is named by the deployment it is for. */
export async function auditParties(ctx: OrganizationContext): Promise<AuditParties> {
  const newest = statements
    .selectFrom("auditEntries")
    .select(["sequence", "actorType", "actorId", "actorLabel", "targetType", "targetId", "targetLabel"])
    .where("organizationId", "=", ctx.organizationId)
    .orderBy("sequence", "desc")
    .limit(bounds.entries);
  const { actors, targets } = await readAuthorized(ctx, "audit.read", {
    actors: statements
      .selectFrom(newest.as("entry"))
      .distinctOn("actorId")
      .select(["sequence", "actorType as type", "actorId as id", "actorLabel as label"])
      .orderBy("actorId")
      .orderBy("sequence", "desc"),
    targets: statements
      .selectFrom(newest.as("entry"))
      .distinctOn("targetId")
      .select(["sequence", "targetType as type", "targetId as id", "targetLabel as label"])
      .where("targetType", "!=", "task")
      .orderBy("targetId")
      .orderBy("sequence", "desc"),
  });
  return { actors: latest(actors), targets: latest(targets) };
}

function latest(rows: readonly { sequence: number; type: string; id: string; label: string }[]): AuditParties["actors"] {
  return rows
    .toSorted((one, other) => other.sequence - one.sequence)
    .slice(0, bounds.parties)
    .map(({ type, id, label }) => ({ type, id, label }));
}
