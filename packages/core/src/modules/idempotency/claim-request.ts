import { sql } from "kysely";
import { statements, type TenantDb } from "../../db/tenant-db.ts";
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

function claimOnce(platform: Platform, claim: Claim) {
  const own = statements
    .insertInto("idempotencyKeys")
    .values({
      organizationId: claim.organizationId,
      keyId: claim.keyId,
      route: claim.route,
      idempotencyKey: claim.idempotencyKey,
      requestHash: claim.requestHash,
      claim: claim.token,
      claimedUntil: sql<Date>`now() + make_interval(secs => ${claimSeconds})`,
      expiresAt: sql<Date>`now() + make_interval(hours => ${retentionHours})`,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["keyId", "route", "idempotencyKey"])
        .doUpdateSet({
          requestHash: sql<Buffer>`excluded.request_hash`,
          claim: sql<string>`excluded.claim`,
          claimedUntil: sql<Date>`excluded.claimed_until`,
          expiresAt: sql<Date>`excluded.expires_at`,
          responseStatus: null,
          responseBody: null,
        })
        .where(
          sql<boolean>`idempotency_keys.expires_at <= now()
            or (idempotency_keys.response_status is null and idempotency_keys.claimed_until <= now() and idempotency_keys.request_hash = excluded.request_hash)`,
        ),
    )
    .returning(["claim", "requestHash", "responseStatus", "responseBody", sql<number>`1`.as("waitSeconds")]);
  const query = statements
    .with("own", () => own)
    .selectFrom("own")
    .selectAll()
    .unionAll((union) =>
      union
        .selectFrom("idempotencyKeys as other")
        .select([
          "other.claim",
          "other.requestHash",
          "other.responseStatus",
          "other.responseBody",
          sql<number>`greatest(1, ceil(extract(epoch from other.claimed_until - now())))::int`.as("waitSeconds"),
        ])
        .where("other.keyId", "=", claim.keyId)
        .where("other.route", "=", claim.route)
        .where("other.idempotencyKey", "=", claim.idempotencyKey)
        .where(({ not, exists, selectFrom }) => not(exists(selectFrom("own").select("own.claim")))),
    );
  return platform.database.transaction(claim.organizationId, async (db) => (await db.executeQuery(query.compile())).rows[0]);
}

/**
 * Keeps the answer inside the transaction of the change it answers for, so that both are committed or neither.
 * @throws ObeliskError `idempotency_in_progress` when another attempt has taken the claim over: the change must not be committed.
 */
export async function keepAnswer(db: TenantDb, claim: Claim, answer: StoredAnswer): Promise<void> {
  const kept = await db
    .updateTable("idempotencyKeys")
    .set({ responseStatus: answer.status, responseBody: answer.body })
    .where("keyId", "=", claim.keyId)
    .where("route", "=", claim.route)
    .where("idempotencyKey", "=", claim.idempotencyKey)
    .where("claim", "=", claim.token)
    .where("responseStatus", "is", null)
    .returning("claim")
    .executeTakeFirst();
  if (!kept) throw inProgress(1);
}

/** Keeps a refusal, which no transaction stands behind. A claim that was lost meanwhile is left to whoever has it. */
export async function keepRefusal(platform: Platform, claim: Claim, answer: StoredAnswer): Promise<void> {
  await platform.database.transaction(claim.organizationId, (db) =>
    db
      .updateTable("idempotencyKeys")
      .set({ responseStatus: answer.status, responseBody: answer.body })
      .where("keyId", "=", claim.keyId)
      .where("route", "=", claim.route)
      .where("idempotencyKey", "=", claim.idempotencyKey)
      .where("claim", "=", claim.token)
      .where("responseStatus", "is", null)
      .execute(),
  );
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
