import { CompiledQuery } from "kysely";
import type { TenantDb } from "../../db/tenant-db.ts";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";
import { randomSuffix } from "../../kernel/ids.ts";

/** Seconds a claim lasts. Another attempt takes over after that: whoever held it crashed, or is cut off when it wants to commit. */
const claimSeconds = 15;
const retentionHours = 24;

export interface ClaimRequest {
  organizationId: string;
  keyId: string;
  /** Method and path, such as `POST /deployments/indexer`. */
  route: string;
  idempotencyKey: string;
  requestHash: Buffer;
}

/** The right to answer a request. It is lost when it runs out and another attempt takes it. */
export interface Claim extends ClaimRequest {
  token: string;
}

export interface StoredAnswer {
  status: number;
  body: string;
}

export type Claimed = { claim: Claim } | { replay: StoredAnswer };

/**
 * Claims a request for this attempt, or gives the answer that an earlier one got.
 * @throws ObeliskError `idempotency_key_reused` for another body under the same key; `idempotency_in_progress` while an attempt works.
 */
export async function claimRequest(platform: Platform, request: ClaimRequest): Promise<Claimed> {
  const claim: Claim = { ...request, token: randomSuffix(26) };
  // Empty when a row appeared after the statement's snapshot was taken; the next try sees it.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const row = await claimOnce(platform, claim);
    if (!row) continue;
    if (row.claim === claim.token) return { claim };
    if (!Buffer.from(row.requestHash).equals(request.requestHash)) {
      throw new ObeliskError("idempotency_key_reused", "This idempotency key was used with another body. Use a new key for a new request.");
    }
    if (row.responseStatus !== null && row.responseBody !== null) return { replay: { status: row.responseStatus, body: row.responseBody } };
    throw inProgress(row.waitSeconds);
  }
  throw inProgress(1);
}

interface ClaimRow {
  claim: string;
  requestHash: Buffer;
  responseStatus: number | null;
  responseBody: string | null;
  /** Seconds until the claim of whoever has it runs out, at least 1. */
  waitSeconds: number;
}

/** Takes a claim that is new, has run out, or whose answer has expired; otherwise gives the row that stands in the way. */
const takeClaim = `
  with own as (
    insert into idempotency_keys as i (organization_id, key_id, route, idempotency_key, request_hash, claim, claimed_until, expires_at)
    values ($1, $2, $3, $4, $5, $6, now() + interval '${claimSeconds} seconds', now() + interval '${retentionHours} hours')
    on conflict (key_id, route, idempotency_key) do update set
      request_hash = excluded.request_hash, claim = excluded.claim, claimed_until = excluded.claimed_until,
      expires_at = excluded.expires_at, response_status = null, response_body = null
    where i.expires_at <= now() or (i.response_status is null and i.claimed_until <= now() and i.request_hash = excluded.request_hash)
    returning claim, request_hash, response_status, response_body, 1 as wait_seconds
  )
  select * from own
  union all
  select claim, request_hash, response_status, response_body,
    greatest(1, ceil(extract(epoch from claimed_until - now())))::int as wait_seconds
  from idempotency_keys
  where key_id = $2 and route = $3 and idempotency_key = $4 and not exists (select from own)`;

function claimOnce(platform: Platform, claim: Claim): Promise<ClaimRow | undefined> {
  const { organizationId, keyId, route, idempotencyKey, requestHash, token } = claim;
  const query = CompiledQuery.raw(takeClaim, [organizationId, keyId, route, idempotencyKey, requestHash, token]);
  return platform.database.transaction(organizationId, async (db) => (await db.executeQuery(query as CompiledQuery<ClaimRow>)).rows[0]);
}

/**
 * Keeps the answer inside the transaction of the change it answers for, so that both are committed or neither.
 * @throws ObeliskError `idempotency_in_progress` when another attempt has taken the claim over: the change must not be committed.
 */
export async function keepAnswer(db: TenantDb, claim: Claim, answer: StoredAnswer): Promise<void> {
  const { numUpdatedRows } = await storeAnswer(db, claim, answer);
  if (numUpdatedRows === 0n) throw inProgress(1);
}

/** Keeps a refusal, which no transaction stands behind. A claim that was lost meanwhile is left to whoever has it. */
export async function keepRefusal(platform: Platform, claim: Claim, answer: StoredAnswer): Promise<void> {
  await platform.database.transaction(claim.organizationId, (db) => storeAnswer(db, claim, answer));
}

/** Writes the answer where the claim still stands. */
function storeAnswer(db: TenantDb, claim: Claim, answer: StoredAnswer) {
  return db
    .updateTable("idempotencyKeys")
    .set({ responseStatus: answer.status, responseBody: answer.body })
    .where("keyId", "=", claim.keyId)
    .where("route", "=", claim.route)
    .where("idempotencyKey", "=", claim.idempotencyKey)
    .where("claim", "=", claim.token)
    .where("responseStatus", "is", null)
    .executeTakeFirst();
}

/** Gives a claim back after a fault of ours, so that the caller can try again at once. */
export async function releaseClaim(platform: Platform, claim: Claim): Promise<void> {
  await platform.database.transaction(claim.organizationId, (db) =>
    db
      .deleteFrom("idempotencyKeys")
      .where("keyId", "=", claim.keyId)
      .where("route", "=", claim.route)
      .where("idempotencyKey", "=", claim.idempotencyKey)
      .where("claim", "=", claim.token)
      .where("responseStatus", "is", null)
      .execute(),
  );
}

function inProgress(seconds: number): ObeliskError {
  return new ObeliskError(
    "idempotency_in_progress",
    "The first request with this idempotency key is still under way. Ask again in a moment.",
    {
      retryAfterSeconds: seconds,
    },
  );
}
