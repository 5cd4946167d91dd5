import { type CompiledQuery, sql } from "kysely";
import { statements } from "../../db/tenant-db.ts";
import { transaction } from "../../db/tenant-transaction.ts";
import type { Platform } from "../../kernel/context.ts";
import { ObeliskError } from "../../kernel/errors.ts";

const retentionHours = 24;

/** What makes a request one with its repetitions. */
export interface IdempotentRequest {
  organizationId: string;
  keyId: string;
  /** Method and path, such as `POST /deployments/indexer`. */
  route: string;
  idempotencyKey: string;
  requestHash: Buffer;
}

export interface StoredAnswer {
  status: number;
  body: string;
}

/** An answer that was kept, with the hash of the request that got it. */
export interface KeptAnswer extends StoredAnswer {
  requestHash: Buffer;
  /** Its 24 hours are over: it stands for nothing any more. */
  expired: boolean;
}

const primaryKey = "idempotency_keys_pkey";

/**
 * The statement that keeps an answer, to be committed with the change it answers for: both are there or neither. The primary key admits one
 * answer, so the change of a second attempt, wherever it runs, waits for the first one's end and is undone with it (`isAnswered`).
 */
export function keepAnswer(request: IdempotentRequest, { status, body }: StoredAnswer): CompiledQuery {
  const { organizationId, keyId, route, idempotencyKey, requestHash } = request;
  return sql`
    insert into idempotency_keys (organization_id, key_id, route, idempotency_key, request_hash, response_status, response_body, expires_at)
    values (${organizationId}, ${keyId}, ${route}, ${idempotencyKey}, ${requestHash}, ${status}, ${body},
      now() + interval '1 hour' * ${retentionHours}::int)`.compile(statements);
}

/** Whether this is the failure of `keepAnswer` that tells of another attempt's answer. */
export function isAnswered(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === "23505" && constraint === primaryKey;
}

/** Keeps a refusal, which no change stands behind. @throws what `isAnswered` knows */
export async function keepRefusal(platform: Platform, request: IdempotentRequest, answer: StoredAnswer): Promise<void> {
  await transaction(platform.database, request.organizationId, (db) => db.executeQuery(keepAnswer(request, answer)));
}

/**
 * The answer that another attempt at this request got first.
 * @throws ObeliskError `idempotency_key_reused` where another body got it; `idempotency_in_progress` where it has expired meanwhile
 */
export async function readAnswer(platform: Platform, request: IdempotentRequest): Promise<StoredAnswer> {
  const { kept } = await platform.database.read(request.organizationId, {
    kept: statements
      .selectFrom("idempotencyKeys")
      .select(["requestHash", "responseStatus as status", "responseBody as body", sql<boolean>`expires_at <= now()`.as("expired")])
      .where("keyId", "=", request.keyId)
      .where("route", "=", request.route)
      .where("idempotencyKey", "=", request.idempotencyKey),
  });
  const [first] = kept;
  if (!first || first.expired) throw inProgress();
  return replay(request, first);
}

/** Makes room for a new answer where the old one has expired and no sweep came by yet. */
export async function forgetExpired(
  platform: Platform,
  { organizationId, keyId, route, idempotencyKey }: IdempotentRequest,
): Promise<void> {
  await transaction(platform.database, organizationId, (db) =>
    db
      .deleteFrom("idempotencyKeys")
      .where("keyId", "=", keyId)
      .where("route", "=", route)
      .where("idempotencyKey", "=", idempotencyKey)
      .where("expiresAt", "<=", sql<Date>`now()`)
      .execute(),
  );
}

/** The answer to give again. @throws ObeliskError `idempotency_key_reused` where another body got it */
export function replay(request: IdempotentRequest, { requestHash, status, body }: KeptAnswer): StoredAnswer {
  requireSameBody(request.requestHash, requestHash);
  return { status, body };
}

export function inProgress(): ObeliskError {
  return new ObeliskError(
    "idempotency_in_progress",
    "The first request with this idempotency key is still under way. Ask again in a moment.",
    { retryAfterSeconds: 1 },
  );
}

/** @throws ObeliskError `idempotency_key_reused` */
export function requireSameBody(hash: Buffer, first: Buffer): void {
  if (!hash.equals(first)) {
    throw new ObeliskError("idempotency_key_reused", "This idempotency key was used with another body. Use a new key for a new request.");
  }
}
