import type { ApiKeyScope } from "@obelisk/schemas/access";
import type { ApiKey, ApiKeyStatus } from "@obelisk/schemas/api-keys";
import { type RawBuilder, type Selectable, sql } from "kysely";
import type { ApiKeys } from "../../db/types.gen.ts";

export const shownColumns = [
  "id",
  "name",
  "prefix",
  "lastFour",
  "scopes",
  "createdAt",
  "createdBy",
  "expiresAt",
  "revokedAt",
  "previousTokenExpiresAt",
  "lastUsedAt",
  "lastUsedIp",
] as const satisfies readonly (keyof ApiKeys)[];

export type KeyRow = Pick<Selectable<ApiKeys>, (typeof shownColumns)[number]>;

/** The key as its organization sees it at an instant. */
export function present(row: KeyRow, now: Date): ApiKey {
  const overlap = row.previousTokenExpiresAt && row.previousTokenExpiresAt > now ? row.previousTokenExpiresAt : null;
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    lastFour: row.lastFour,
    scopes: row.scopes as ApiKeyScope[],
    status: statusOf(row, overlap, now),
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    previousTokenExpiresAt: overlap?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    lastUsedIp: row.lastUsedIp,
  };
}

/** Keys that have a status at an instant: `statusOf` in SQL. */
export function ofStatus(status: ApiKeyStatus, now: Date): RawBuilder<boolean> {
  if (status === "revoked") return sql`revoked_at is not null`;
  const ended = sql`coalesce(expires_at <= ${now}, false)`;
  if (status === "expired") return sql`revoked_at is null and ${ended}`;
  return sql`revoked_at is null and not ${ended} and coalesce(previous_token_expires_at > ${now}, false) = ${status === "rotating"}`;
}

function statusOf(row: KeyRow, overlap: Date | null, now: Date): ApiKey["status"] {
  if (row.revokedAt) return "revoked";
  if (row.expiresAt && row.expiresAt <= now) return "expired";
  return overlap ? "rotating" : "active";
}
