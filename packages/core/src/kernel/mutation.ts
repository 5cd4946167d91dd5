import type { EnqueueOptions, Job } from "@obelisk/queue";
import type { Permission } from "@obelisk/schemas/access";
import { CompiledQuery } from "kysely";
import type { z } from "zod";
import type { TenantDb } from "../db/tenant-db.ts";
import { transaction } from "../db/tenant-transaction.ts";
import { type AuditRecord, appendEntry } from "./audit-chain.ts";
import { authorize, type Grant } from "./authorization.ts";
import type { OrganizationContext } from "./context.ts";
import { fieldErrors, invalidRequest } from "./errors.ts";
import { holdLimit, type Limit, limitRefusal } from "./limit.ts";

/** What a mutation's work gets: the transaction's handle and a way to ask for background work that starts when it commits. */
export interface Work<Input> {
  ctx: OrganizationContext;
  db: TenantDb;
  input: Input;
  /** What the actor may do. It is read on the way of the work's first statements, and nothing is committed without it. */
  grant: Promise<Grant>;
  /** The instant of the change; the audit entry carries the same. */
  now: Date;
  enqueue<Payload extends object>(job: Job<Payload>, payload: Payload, options?: EnqueueOptions): Promise<void>;
}

export interface MutationDefinition<Schema extends z.ZodType, Result, Answer> {
  permission: Permission;
  input: Schema;
  /** Looks at what lies outside before anything is opened or locked; throws to refuse. It checks by itself that the actor may. */
  before?(ctx: OrganizationContext, input: z.output<Schema>): Promise<void>;
  /** Of what it adds one, if anything bounds that. */
  limit?: Limit;
  run(work: Work<z.output<Schema>>): Promise<Result>;
  /** What the caller gets of it: the result as it is unless told, where the audit log needs to know more than the caller. */
  answer?(result: Result): Answer;
  /** What the audit log says of it. */
  audit(change: { input: z.output<Schema>; result: Result; ctx: OrganizationContext }): AuditRecord;
}

export type Mutation<Input, Result> = (ctx: OrganizationContext, input: Input) => Promise<Result>;

/**
 * The only way to write. Checks the input, opens the organization's transaction, reads the actor's standing again and does the work, then
 * appends the audit entry and commits. Either half is sent without waiting in between, so a change whose work doesn't wait takes two round
 * trips. Whatever throws undoes all of it.
 *
 * @throws ObeliskError `invalid_request`, `forbidden`, `missing_scope`, `plan_limit_reached`, and what the work and what comes before it
 *   throw.
 */
export function mutation<Schema extends z.ZodType, Result, Answer = Result>(
  definition: MutationDefinition<Schema, Result, Answer>,
): Mutation<z.input<Schema>, Answer> {
  const answer = definition.answer ?? ((result: Result) => result as unknown as Answer);
  return async (ctx, raw) => {
    const parsed = definition.input.safeParse(raw);
    if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
    const input = parsed.data;
    await definition.before?.(ctx, input);
    const { limit } = definition;
    const { clock, database, settings } = ctx.platform;
    const now = clock.now();
    const changed = transaction(
      database,
      ctx.organizationId,
      async (db) => {
        const grant = authorize(db, ctx, definition.permission);
        const work = definition.run({ ctx, db, input, grant, now, enqueue: enqueueIn(db, ctx) });
        // Whoever may not is told that, whatever else went wrong.
        await Promise.allSettled([grant, work]);
        await grant;
        return work;
      },
      (result) => [
        ...(ctx.alsoCommit ? [ctx.alsoCommit(answer(result))] : []),
        appendEntry({
          ...definition.audit({ input, result, ctx }),
          organizationId: ctx.organizationId,
          at: now,
          actor: ctx.actor,
          requestId: ctx.requestId,
          ip: ctx.ip,
        }),
        ...(limit ? [holdLimit(limit, ctx.organizationId, settings)] : []),
      ],
    );
    const answered = changed.then(answer);
    return limit ? answered.catch((error: unknown) => Promise.reject(limitRefusal(error, limit, settings))) : answered;
  };
}

function enqueueIn(db: TenantDb, ctx: OrganizationContext): Work<unknown>["enqueue"] {
  const transaction = { execute: (text: string, values: unknown[]) => db.executeQuery(CompiledQuery.raw(text, values)) };
  return (job, payload, options) => ctx.platform.queue.enqueue(transaction, job, payload, options);
}
