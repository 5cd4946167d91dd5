import { sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import type { Limit } from "../../kernel/limit.ts";

/**
 * Keys that still work. One that has expired can't come back, so it takes no place; a rotated one is the same key, its old token
 * included.
 */
export const apiKeyLimit: Limit = {
  things: "API keys that still work",
  remedy: "Revoke one that is no longer needed, or ask the operator to raise ORGANIZATION_MAX_API_KEYS.",
  allowed: ({ limits }) => limits.apiKeys,
  count: (organizationId) =>
    statements
      .selectFrom("apiKeys")
      .select(sql<number>`count(*)::int`.as("used"))
      .where("organizationId", "=", organizationId)
      .where("revokedAt", "is", null)
      .where(sql<boolean>`(expires_at is null or expires_at > now())`),
};
