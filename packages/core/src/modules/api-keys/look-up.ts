import { CompiledQuery, sql } from "kysely";
import { systemDb } from "../../db/system-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { type KeptAnswer, recall } from "../idempotency/index.ts";

export interface FoundKey {
  organizationId: string;
  id: string;
  name: string;
  scopes: string[];
  state: "usable" | "revoked" | "expired";
  lastUsedAt: Date | null;
  /** Which request of the window this is; null for a key that isn't usable, whose requests aren't counted. */
  used: number | null;
  /** First second of the window since 1970, by the database's clock. */
  windowStart: number | null;
  /** The database's clock, seconds since 1970. */
  epoch: number;
  /** What this request was answered before; null where it is new, or isn't one that can be repeated. */
  answered: KeptAnswer | null;
}

/** What makes a request of a key one with its repetitions. */
export interface Repeatable {
  route: string;
  idempotencyKey: string;
}

/**
 * Finds the key of a token's hash ($1) and counts the request in its window of $2 seconds, which is the API's or, with a suffix $3, another
 * surface's. Written out, not built, because every request of the public API runs it. A statement that waited for the counter's lock may
 * carry an older window than the row by then; it counts into the newer one.
 */
const findAndCount = (columns = "", join = "") => `
  with found as (
    select k.organization_id, k.id, k.name, k.scopes, k.last_used_at,
      case
        when k.revoked_at is not null then 'revoked'
        when k.expires_at <= clock_timestamp() then 'expired'
        when k.token_hash <> $1 and k.previous_token_expires_at <= clock_timestamp() then 'expired'
        else 'usable'
      end as state
    from api_keys k
    where k.token_hash = $1 or k.previous_token_hash = $1
  ), counted as (
    insert into rate_windows as w (key_id, window_start, used)
    select found.id || $3, (floor(extract(epoch from clock_timestamp()) / $2::int) * $2::int)::bigint, 1 from found where found.state = 'usable'
    on conflict (key_id) do update set
      used = case when w.window_start >= excluded.window_start then w.used + 1 else 1 end,
      window_start = greatest(w.window_start, excluded.window_start)
    returning used, window_start
  )
  select found.*, counted.used, counted.window_start, extract(epoch from clock_timestamp())::float8 as epoch${columns}
  from found left join counted on true ${join}`;

const findCount = findAndCount();
const findCountRecall = findAndCount(`, ${recall.columns}`, recall.join("$4", "$5"));

interface Row extends Omit<FoundKey, "answered"> {
  requestHash?: Buffer | null;
  responseStatus?: number | null;
  responseBody?: string | null;
  answerExpired?: boolean | null;
}

/**
 * Finds the key of a token's hash, counts the request and recalls what it was answered before, in one statement that is its own
 * transaction: the counter's row is locked no longer than that.
 */
export async function lookUpKey(
  platform: Platform,
  tokenHash: Buffer,
  surface: "api" | "endpoint",
  repeatable: Repeatable | null,
): Promise<FoundKey | null> {
  const parameters = [tokenHash, platform.settings.rateLimit.windowSeconds, surface === "api" ? "" : `:${surface}`];
  const query = repeatable
    ? CompiledQuery.raw(findCountRecall, [...parameters, repeatable.route, repeatable.idempotencyKey])
    : CompiledQuery.raw(findCount, parameters);
  const { rows } = await systemDb(platform).executeQuery(query as CompiledQuery<Row>);
  return rows[0] ? { ...rows[0], answered: answeredIn(rows[0]) } : null;
}

function answeredIn({ requestHash, responseStatus, responseBody, answerExpired }: Row): KeptAnswer | null {
  if (!requestHash || responseStatus == null || responseBody == null) return null;
  return { requestHash, status: responseStatus, body: responseBody, expired: answerExpired === true };
}

/** Notes that a key was used; a note younger than a minute stays. */
export async function noteUse(platform: Platform, keyId: string, ip: string | null): Promise<void> {
  await systemDb(platform)
    .updateTable("apiKeys")
    .set({ lastUsedAt: sql<Date>`now()`, lastUsedIp: ip })
    .where("id", "=", keyId)
    .where((where) => where.or([where("lastUsedAt", "is", null), where("lastUsedAt", "<", sql<Date>`now() - interval '1 minute'`)]))
    .execute();
}
