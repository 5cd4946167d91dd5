import type { DeploymentKind, Task } from "@obelisk/schemas/deployments";
import type { Page } from "@obelisk/schemas/primitives";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { notFound } from "../../kernel/errors.ts";
import { selectTasks, taskFrom } from "./read-model.ts";

/**
 * A row where the deployment is there and theirs, and of the kind where one is named: read beside a list, so that an empty one and a missing
 * deployment differ.
 */
export function existence(organizationId: string, { id, kind }: { id: string; kind?: DeploymentKind | undefined }) {
  const one = statements.selectFrom("deployments").select("id").where("organizationId", "=", organizationId).where("id", "=", id);
  return kind ? one.where("kind", "=", kind) : one;
}

/** A deployment's tasks, newest first. @throws ObeliskError `not_found` */
export async function listTasks(
  ctx: OrganizationContext,
  input: { id: string; kind?: DeploymentKind | undefined; limit: number; cursor?: string | null | undefined },
): Promise<Page<Task>> {
  let query = selectTasks(ctx.organizationId).where("t.deploymentId", "=", input.id);
  if (input.cursor) query = query.where("t.id", "<", input.cursor);
  const { rows, found } = await readAuthorized(ctx, "deployments.read", {
    rows: query.orderBy("t.id", "desc").limit(input.limit + 1),
    found: existence(ctx.organizationId, input),
  });
  if (found.length === 0) throw notFound("deployment");
  const items = rows.slice(0, input.limit).map(({ task }) => taskFrom(task));
  return { items, nextCursor: rows.length > input.limit ? (items.at(-1)?.id ?? null) : null };
}
