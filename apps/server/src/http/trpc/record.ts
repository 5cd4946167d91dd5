import type { TRPCError } from "@trpc/server";
import { logFault } from "../error-map.ts";
import { procedureDuration } from "../metrics.ts";
import type { ProcedureContext } from "./base.ts";
import { problemOf } from "./errors.ts";

interface Call {
  ctx: ProcedureContext;
  path: string;
  type: string;
}

/** Logs and measures a procedure: who, where, how long, with what outcome. A fault of ours is logged with its cause. */
export async function recordProcedure<Result extends { ok: boolean }>({
  ctx,
  path,
  type,
  next,
}: Call & { next: () => Promise<Result> }): Promise<Result> {
  const started = performance.now();
  const result = await next();
  const seconds = (performance.now() - started) / 1000;
  const problem = result.ok ? null : problemOf((result as unknown as { error: TRPCError }).error);
  const outcome = problem?.code ?? "ok";
  // Of several in one request the first refusal is the request's.
  ctx.seen.refusedFor ??= problem?.code ?? null;
  procedureDuration.observe({ procedure: path, outcome }, seconds);
  const line = {
    event: "procedure",
    requestId: ctx.requestId,
    procedure: path,
    kind: type,
    actorType: ctx.seen.actor?.type ?? null,
    actorId: ctx.seen.actor?.id ?? null,
    organizationId: ctx.seen.organizationId,
    durationMs: Math.round(seconds * 10_000) / 10,
    outcome,
  };
  if (!problem || !logFault(ctx.platform.logger, problem, line, "procedure")) ctx.platform.logger.info(line, "procedure");
  return result;
}
