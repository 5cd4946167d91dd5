import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { invalidRequest } from "@obelisk/core/kernel/errors";
import { type Claim, claimRequest, keepAnswer, keepRefusal, releaseClaim, requestHash } from "@obelisk/core/modules/idempotency";
import type { RequestState } from "../context.ts";
import { problemAnswer, refusalFrom } from "../error-map.ts";

export interface Answer {
  status: number;
  body: string;
  /** Whether an earlier request got this answer. */
  replayed: boolean;
}

export interface Attempt {
  ctx: OrganizationContext;
  route: string;
  body: unknown;
  status: number;
  run(ctx: OrganizationContext): Promise<unknown>;
  present(result: unknown): unknown;
}

const visibleAscii = /^[\x21-\x7e]{1,255}$/;

/**
 * The key that makes a request one with its repetitions; null where the caller gave neither header, so that no repetition of it can
 * be known.
 */
export function idempotencyKeyOf(header: string | undefined, state: RequestState): string | null {
  if (header === undefined) return state.requestIdGiven ? state.requestId : null;
  if (!visibleAscii.test(header)) throw invalidRequest([{ path: "idempotency-key", message: "use 1 to 255 visible ASCII characters" }]);
  return header;
}

/** Refusals that say nothing lasting about the request: the next try may well succeed. */
const passing = new Set([
  "rate_limited",
  "idempotency_in_progress",
  "idempotency_key_reused",
  "revoked_api_key",
  "expired_api_key",
  "plan_limit_reached",
]);

/**
 * Does a change once however often it is asked for. The answer is kept in the transaction of the change itself: a process that dies after
 * the commit leaves the answer behind, one that dies before leaves nothing.
 */
export async function answerOnce(attempt: Attempt, idempotencyKey: string | null): Promise<Answer> {
  const { ctx, status } = attempt;
  if (idempotencyKey === null) return { status, body: JSON.stringify(attempt.present(await attempt.run(ctx))), replayed: false };
  const claimed = await claimRequest(ctx.platform, {
    organizationId: ctx.organizationId,
    keyId: ctx.actor.id,
    route: attempt.route,
    idempotencyKey,
    requestHash: requestHash(attempt.route, attempt.body),
  });
  if ("replay" in claimed) return { ...claimed.replay, replayed: true };
  return work(attempt, claimed.claim);
}

async function work(attempt: Attempt, claim: Claim): Promise<Answer> {
  const { ctx, status } = attempt;
  let body: string | null = null;
  const keeping: OrganizationContext = {
    ...ctx,
    onResult: async (db, result) => {
      body = JSON.stringify(attempt.present(result));
      await keepAnswer(db, claim, { status, body });
    },
  };
  try {
    const result = await attempt.run(keeping);
    if (body === null) {
      body = JSON.stringify(attempt.present(result));
      await keepRefusal(ctx.platform, claim, { status, body });
    }
    return { status, body, replayed: false };
  } catch (error) {
    await settle(ctx, claim, error);
    throw error;
  }
}

/** Keeps a lasting refusal for repetitions, and gives the claim back after a passing one or a fault of ours. */
async function settle(ctx: OrganizationContext, claim: Claim, error: unknown): Promise<void> {
  const refusal = refusalFrom(error);
  try {
    if (refusal.status >= 500 || passing.has(refusal.code)) await releaseClaim(ctx.platform, claim);
    else {
      const { status, body } = problemAnswer(refusal, ctx.requestId, ctx.platform.settings.baseUrl);
      await keepRefusal(ctx.platform, claim, { status, body });
    }
  } catch (failure) {
    // The claim runs out by itself; what went wrong first is what the caller must hear of.
    ctx.platform.logger.warn({ err: failure, requestId: ctx.requestId }, "could not settle an idempotency claim");
  }
}
