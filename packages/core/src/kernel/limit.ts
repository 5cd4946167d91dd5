import { type Compilable, type CompiledQuery, type Expression, sql } from "kysely";
import { statements } from "../db/tenant-db.ts";
import type { PlatformSettings } from "./context.ts";
import { ObeliskError } from "./errors.ts";

/** How many of something one organization may have at a time. */
export interface Limit {
  /** What is counted, in the plural: `deployments`. */
  things: string;
  /** What makes room, in a sentence for whoever stands at the limit. */
  remedy: string;
  allowed(settings: PlatformSettings): number;
  /** Counts the organization's, as one row. It runs with every addition, so it needs an index of its own. */
  count(organizationId: string): Compilable<{ used: number }> & Expression<unknown>;
}

/** SQLSTATE of `refuse_beyond`, of the range that the standard leaves to implementations. */
const beyondLimit = "OB402";

/**
 * The statement that fails where an organization has more than it may. It belongs behind the audit entry: that one holds the chain's head until
 * the commit, so additions of one organization come here one after the other and each sees all that were committed before it.
 */
export function holdLimit(limit: Limit, organizationId: string, settings: PlatformSettings): CompiledQuery {
  return sql`select refuse_beyond(${limit.allowed(settings)}::bigint, ${limit.count(organizationId)})`.compile(statements);
}

/** The refusal behind a failure of `holdLimit`; any other error as it is. */
export function limitRefusal(error: unknown, limit: Limit, settings: PlatformSettings): unknown {
  const { code, detail } = error as { code?: string; detail?: string };
  // It counted the one that was about to be added too.
  return code === beyondLimit
    ? new ObeliskError("plan_limit_reached", `${sayFull(limit, Number(detail) - 1, settings)} ${limit.remedy}`)
    : error;
}

/** That there is no room for one more, in a sentence. */
export function sayFull(limit: Limit, used: number, settings: PlatformSettings): string {
  return `This organization has ${used} ${limit.things}, and its limit is ${limit.allowed(settings)}.`;
}
