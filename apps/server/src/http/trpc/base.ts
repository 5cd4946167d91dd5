import type { Changes } from "@obelisk/core/kernel/changes";
import type { Actor, Context, Platform } from "@obelisk/core/kernel/context";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import { type CallBound, type CallLimits, countCall, type SignedIn } from "@obelisk/core/modules/access";
import type { ProblemCode } from "@obelisk/schemas/problem";
import { initTRPC } from "@trpc/server";
import { enterOrganization } from "../organization-guard.ts";
import { requirePlainText } from "../plain-text.ts";
import { formatError, refusalOf } from "./errors.ts";
import { recordProcedure } from "./record.ts";

/** What every procedure of the app's API is called with. */
export interface ProcedureContext {
  platform: Platform;
  changes: Changes;
  /** Reads the session behind the request's cookie; at most once a request. */
  session: () => Promise<SignedIn | null>;
  requestId: string;
  ip: string | null;
  callLimits: CallLimits;
  /** The organization the client believes it acts in: the header `x-obelisk-organization`, or a subscription's parameters. */
  believedOrganization: string | null;
  /** Ends with the server: subscriptions stop then. */
  closing: AbortSignal;
  /** Filled in on the way, for the log line. */
  seen: { actor: Actor | null; organizationId: string | null; refusedFor: ProblemCode | null };
}

/** What a procedure says of itself: `.meta({ bound: "costly" })`. */
export interface ProcedureMeta {
  /** The window that its calls are counted in; `usual` where it says nothing. */
  bound?: CallBound;
}

const trpc = initTRPC
  .context<ProcedureContext>()
  .meta<ProcedureMeta>()
  .create({
    errorFormatter: formatError,
    // A stream ends after ten minutes and the client opens it anew, so that one outlives its session by no more than that.
    sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 30_000 }, maxDurationMs: 600_000 },
  });

export const router = trpc.router;

/** Anyone, signed in or not; the calls of whoever is signed in are counted and bounded. */
export const publicProcedure = trpc.procedure
  .use(recordProcedure)
  .use(async ({ next }) => {
    const result = await next();
    if (!result.ok) throw refusalOf(result.error);
    return result;
  })
  .use(async ({ ctx, meta, next }) => {
    const signedIn = await ctx.session();
    if (signedIn) {
      ctx.seen.actor = { type: "user", id: signedIn.user.id, label: signedIn.user.email };
      await countCall(ctx.platform, signedIn.user.id, meta?.bound ?? "usual", ctx.callLimits);
    }
    return next({ ctx: { signedIn } });
  })
  .use(async ({ getRawInput, next }) => {
    requirePlainText(await getRawInput());
    return next();
  });

/** Whoever is signed in. */
export const protectedProcedure = publicProcedure.use(async ({ ctx, next }) => {
  const { signedIn, seen } = ctx;
  if (!signedIn || !seen.actor) throw new ObeliskError("unauthenticated", "Sign in to do this.");
  const call: Context = { platform: ctx.platform, requestId: ctx.requestId, actor: seen.actor, ip: ctx.ip };
  return next({ ctx: { signedIn, call } });
});

/**
 * A member, in the organization their session is in, which must be the one the client shows: a tab left on another organization
 * is refused instead of acting on the wrong one.
 */
export const protectedOrganizationProcedure = protectedProcedure.use(async ({ ctx, next }) => {
  const organization = await enterOrganization(ctx.call, ctx.signedIn, ctx.believedOrganization, "x-obelisk-organization");
  ctx.seen.organizationId = organization.organizationId;
  return next({ ctx: { organization } });
});
