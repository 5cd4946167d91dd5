import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { invalidRequest } from "@obelisk/core/kernel/errors";
import type { Repeatable } from "@obelisk/core/modules/api-keys";
import {
  beginRequest,
  forgetExpired,
  type IdempotentRequest,
  isAnswered,
  type KeptAnswer,
  keepAnswer,
  keepRefusal,
  readAnswer,
  replay,
  requestHash,
  type StoredAnswer,
} from "@obelisk/core/modules/idempotency";
import type { AppContext } from "../context.ts";
import { problemAnswer, refusalFrom } from "../error-map.ts";
import { apiRoot } from "./document.ts";
import { isKept } from "./refusals.ts";

export interface Answer extends StoredAnswer {
  /** Whether an earlier request got this answer. */
  replayed: boolean;
}

export interface Attempt {
  ctx: OrganizationContext;
  body: unknown;
  status: number;
  run(ctx: OrganizationContext): Promise<unknown>;
  present(result: unknown): unknown;
}

const visibleAscii = /^[\x21-\x7e]{1,255}$/;

/**
 * What makes a request one with its repetitions: its idempotency key, or the request id the caller gave; null where neither was given, so
 * that no repetition of it can be known.
 */
export function repeatableOf(c: AppContext): Repeatable | null {
  const { requestId, requestIdGiven } = c.get("state");
  const idempotencyKey = c.req.header("idempotency-key") ?? (requestIdGiven ? requestId : null);
  return idempotencyKey === null ? null : { route: `${c.req.method} ${c.req.path.slice(apiRoot.length)}`, idempotencyKey };
}

/**
 * Does a change once however often it is asked for. The answer is committed with the change itself: a process that dies after the commit
 * leaves the answer behind, one that dies before leaves nothing.
 * @param answered What the caller's look-up found of an earlier attempt.
 */
export async function answerOnce(attempt: Attempt, repeatable: Repeatable | null, answered: KeptAnswer | null): Promise<Answer> {
  const { ctx, status } = attempt;
  if (repeatable === null) return { status, body: JSON.stringify(attempt.present(await attempt.run(ctx))), replayed: false };
  if (!visibleAscii.test(repeatable.idempotencyKey)) {
    throw invalidRequest([{ path: "idempotency-key", message: "use 1 to 255 visible ASCII characters" }]);
  }
  const { organizationId, platform } = ctx;
  const request = { ...repeatable, organizationId, keyId: ctx.actor.id, requestHash: requestHash(repeatable.route, attempt.body) };
  if (answered?.expired) await forgetExpired(platform, request);
  else if (answered) return { ...replay(request, answered), replayed: true };
  const end = beginRequest(platform, request);
  try {
    return { ...(await work(attempt, request)), replayed: false };
  } catch (error) {
    if (isAnswered(error)) return { ...(await readAnswer(platform, request)), replayed: true };
    throw error;
  } finally {
    end();
  }
}

async function work(attempt: Attempt, request: IdempotentRequest): Promise<StoredAnswer> {
  const { ctx, status } = attempt;
  let answer: StoredAnswer | null = null;
  const alsoCommit = (result: unknown) => {
    answer = { status, body: JSON.stringify(attempt.present(result)) };
    return keepAnswer(request, answer);
  };
  try {
    await attempt.run({ ...ctx, alsoCommit });
  } catch (error) {
    if (!isAnswered(error)) await keepLasting(ctx, request, error);
    throw error;
  }
  if (answer === null) throw new Error(`${request.route} ended without a change that its answer could be kept with`);
  return answer;
}

/** Keeps a lasting refusal for repetitions. @throws what `isAnswered` knows, where another attempt was answered meanwhile */
async function keepLasting(ctx: OrganizationContext, request: IdempotentRequest, error: unknown): Promise<void> {
  const refusal = refusalFrom(error);
  if (!isKept(refusal.code)) return;
  const { status, body } = problemAnswer(refusal, ctx.requestId, ctx.platform.settings.baseUrl);
  try {
    await keepRefusal(ctx.platform, request, { status, body });
  } catch (failure) {
    if (isAnswered(failure)) throw failure;
    // A repetition will find out by itself; this caller must hear of what went wrong first.
    ctx.platform.logger.warn({ err: failure, requestId: ctx.requestId }, "could not keep a refusal for repetitions");
  }
}
