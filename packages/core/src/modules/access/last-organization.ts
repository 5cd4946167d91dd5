import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";

/**
 * Where a new session starts: the organization in which the person last did or entered anything, as its audit log says, if they still
 * belong to it; else the one they joined first; else nowhere.
 */
export async function lastOrganization(platform: Platform, userId: string): Promise<string | null> {
  const row = await systemDb(platform)
    .selectFrom("members as m")
    .leftJoinLateral(
      (query) =>
        query
          .selectFrom("auditEntries as e")
          .select("e.at")
          .whereRef("e.organizationId", "=", "m.organizationId")
          .where("e.actorId", "=", userId)
          .orderBy("e.sequence", "desc")
          .limit(1)
          .as("latest"),
      (join) => join.onTrue(),
    )
    .select("m.organizationId")
    .where("m.userId", "=", userId)
    .orderBy("latest.at", (order) => order.desc().nullsLast())
    .orderBy("m.createdAt")
    .limit(1)
    .executeTakeFirst();
  return row?.organizationId ?? null;
}
