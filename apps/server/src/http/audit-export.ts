import type { Context } from "@obelisk/core/kernel/context";
import { ObeliskError } from "@obelisk/core/kernel/errors";
import { countCall } from "@obelisk/core/modules/access";
import { exportAudit, type exportAuditSchema } from "@obelisk/core/modules/audit";
import type { z } from "zod";
import type { AppContext, Parts } from "./context.ts";
import { enterOrganization } from "./organization-guard.ts";
import { requirePlainText } from "./plain-text.ts";
import { isSameOrigin } from "./same-origin.ts";

const contentTypes = { csv: "text/csv; charset=utf-8", json: "application/json" } as const;

/** Streams the audit log of the session's organization as a download. */
export async function handleAuditExport(c: AppContext, parts: Parts): Promise<Response> {
  const state = c.get("state");
  state.route = "/api/organization/audit-log/export";
  const signedIn = isSameOrigin(c.req.raw.headers, parts.platform.settings) ? await state.session() : null;
  if (!signedIn) throw new ObeliskError("unauthenticated", "Sign in to export the audit log.");
  state.actor = { type: "user", id: signedIn.user.id, label: signedIn.user.email };
  await countCall(parts.platform, signedIn.user.id, "costly", parts.options.callLimits);
  const call: Context = { platform: parts.platform, requestId: state.requestId, actor: state.actor, ip: state.ip };
  const { organization, ...input } = c.req.query();
  requirePlainText(input);
  const ctx = await enterOrganization(call, signedIn, organization ?? null, "organization");
  state.organizationId = ctx.organizationId;
  const pieces = await exportAudit(ctx, input as z.input<typeof exportAuditSchema>);
  const format = input["format"] === "json" ? "json" : "csv";
  const name = `audit-log-${ctx.organizationId}-${parts.platform.clock.now().toISOString().slice(0, 10)}.${format}`;
  const text = ReadableStream.from(pieces) as ReadableStream<string>;
  return c.body(text.pipeThrough(new TextEncoderStream()), 200, {
    "content-type": contentTypes[format],
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  });
}
