import type { Subscription } from "@obelisk/core/kernel/changes";
import type { OrganizationContext } from "@obelisk/core/kernel/context";
import { Turns } from "@obelisk/core/kernel/turns";
import { sessionLives } from "@obelisk/core/modules/access";
import { getDeployment, getListedDeployment, pageDeployments, readLogs } from "@obelisk/core/modules/provisioning";
import { type Deployment, deploymentKinds, type ListedDeployment, type LogLine } from "@obelisk/schemas/deployments";
import { idSchema } from "@obelisk/schemas/primitives";
import { z } from "zod";
import { protectedOrganizationProcedure } from "./base.ts";

export type DeploymentEvent =
  /** Of the one that is followed. */
  | { topic: "deployment"; deployment: Deployment }
  /** Of all that are followed. */
  | { topic: "listed"; deployment: ListedDeployment }
  /** `newest`: the first view of the log, which may begin beyond what the caller knows; all others go on where the one before ended. */
  | { topic: "logs"; deploymentId: string; lines: LogLine[]; newest: boolean };

/** Log lines sent at once, and as the first view. */
const logBatch = 200;
/** Deployments of the first view without an id. */
const firstView = 25;

/** Streams one person may have open here: a few windows of tabs, but never so many that others find no connection left. */
const streamsEach = 64;
const streams = new Turns(streamsEach, `You have ${streamsEach} live views open already. Close some, then reload the page.`);

/**
 * Follows one deployment with its logs, or all of the organization's without them. Starts with the current state, also after a
 * reconnect, so that no change is missed in between; of log lines the newest. Changes that come faster than the client reads are merged
 * per deployment.
 */
export const watch = protectedOrganizationProcedure
  .input(z.strictObject({ id: idSchema("deployment").optional() }))
  .subscription(async function* ({ ctx, input, signal }): AsyncGenerator<DeploymentEvent> {
    const organization = ctx.organization;
    const ended = signal ? AbortSignal.any([signal, ctx.closing]) : ctx.closing;
    const done = streams.take(ctx.signedIn.user.id);
    try {
      using subscription = ctx.changes.subscribe(organization.organizationId, input.id ?? null, ended);
      const events =
        input.id === undefined ? everyDeployment(organization, subscription) : oneDeployment(organization, subscription, input.id);
      // Membership is read with each event; so is whether the person is still signed in.
      for await (const event of events) {
        if (!(await sessionLives(ctx.platform, ctx.signedIn.sessionId))) return;
        yield event;
      }
    } finally {
      done();
    }
  });

async function* everyDeployment(ctx: OrganizationContext, changes: Subscription): AsyncGenerator<DeploymentEvent> {
  yield* currentState(ctx);
  for await (const change of changes) {
    if (change.topic === "everything") yield* currentState(ctx);
    if (change.topic === "deployment") yield { topic: "listed", deployment: await getListedDeployment(ctx, { id: change.deploymentId }) };
  }
}

async function* currentState(ctx: OrganizationContext): AsyncGenerator<DeploymentEvent> {
  for (const kind of deploymentKinds) {
    for (const deployment of (await pageDeployments(ctx, { kind, limit: firstView })).items) yield { topic: "listed", deployment };
  }
}

async function* oneDeployment(ctx: OrganizationContext, changes: Subscription, id: string): AsyncGenerator<DeploymentEvent> {
  yield { topic: "deployment", deployment: await getDeployment(ctx, { id }) };
  const newest = await readLogs(ctx, { id, limit: logBatch });
  if (newest.length > 0) yield { topic: "logs", deploymentId: id, lines: newest, newest: true };
  let last = newest.at(-1)?.sequence ?? 0;
  for await (const { topic } of changes) {
    if (topic !== "logs") yield { topic: "deployment", deployment: await getDeployment(ctx, { id }) };
    if (topic === "deployment") continue;
    for (let full = true; full; ) {
      const lines = await readLogs(ctx, { id, limit: logBatch, after: last });
      if (lines.length > 0) yield { topic: "logs", deploymentId: id, lines, newest: false };
      last = lines.at(-1)?.sequence ?? last;
      full = lines.length === logBatch;
    }
  }
}
