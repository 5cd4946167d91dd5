import {
  type Deployment,
  type DeploymentKind,
  type DeploymentStatus,
  deploymentFilterSchema,
  type ListedDeployment,
} from "@obelisk/schemas/deployments";
import { idPrefixes, type Page } from "@obelisk/schemas/primitives";
import { sql } from "kysely";
import type { z } from "zod";
import { builtOnce, type Given } from "../../db/built-once.ts";
import { beginningWith, containing } from "../../db/like.ts";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";
import { fieldErrors, invalidRequest, notFound } from "../../kernel/errors.ts";
import { type DeploymentRow, deploymentFrom, listedFrom, selectDeployments, selectListed } from "./read-model.ts";

export type DeploymentFilter = z.input<typeof deploymentFilterSchema>;

/** The public API's list: newest first, deprovisioned ones included unless a status is asked for. */
export async function listDeployments(
  ctx: OrganizationContext,
  input: { kind: DeploymentKind; status?: DeploymentStatus | undefined; limit: number; offset: number },
): Promise<{ data: ListedDeployment[]; total: number }> {
  const { page, count } = input.status ? listOfStatus : list;
  const values = { ...input, organizationId: ctx.organizationId };
  const { rows, counted } = await readAuthorized(ctx, "deployments.read", { rows: page(values), counted: count(values) });
  const { baseUrl } = ctx.platform.settings;
  return { data: rows.map((row) => listedFrom(row, baseUrl)), total: Number(counted[0]?.total ?? 0) };
}

interface Listed {
  organizationId: string;
  kind: DeploymentKind;
  status?: DeploymentStatus | undefined;
  limit: number;
  offset: number;
}

const list = listStatements(false);
const listOfStatus = listStatements(true);

/** A page of the list, and how many it pages through: of every status, or of a given one. */
function listStatements(ofStatus: boolean) {
  return {
    page: builtOnce((given: Given<Listed>) => {
      const all = selectListed(given("organizationId")).where("d.kind", "=", given("kind"));
      const chosen = ofStatus ? all.where("d.status", "=", given("status") as string) : all;
      return chosen.orderBy("d.id", "desc").limit(given("limit")).offset(given("offset"));
    }),
    count: builtOnce((given: Given<Listed>) => {
      const all = statements
        .selectFrom("deployments as d")
        .select((select) => select.fn.countAll<number>().as("total"))
        .where("d.organizationId", "=", given("organizationId"))
        .where("d.kind", "=", given("kind"));
      return ofStatus ? all.where("d.status", "=", given("status") as string) : all;
    }),
  };
}

/** The dashboard's list: newest first, by key. @throws ObeliskError `invalid_request` */
export async function pageDeployments(ctx: OrganizationContext, input: DeploymentFilter): Promise<Page<ListedDeployment>> {
  const parsed = deploymentFilterSchema.safeParse(input);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  const { kind, status, search, cursor, limit } = parsed.data;
  let query = selectListed(ctx.organizationId).where("d.kind", "=", kind);
  if (status) query = query.where("d.status", "=", status);
  if (search) {
    const within = containing(search);
    // The prefix alone is every id's.
    const ids = search.length > `${idPrefixes.deployment}_`.length ? sql`d.id like ${beginningWith(search)}` : sql`false`;
    query = query.where(sql<boolean>`(d.name ilike ${within} or d.slug ilike ${within} or ${ids})`);
  }
  if (cursor) query = query.where("d.id", "<", cursor);
  const { rows } = await readAuthorized(ctx, "deployments.read", { rows: query.orderBy("d.id", "desc").limit(limit + 1) });
  const { baseUrl } = ctx.platform.settings;
  const items = rows.slice(0, limit).map((row) => listedFrom(row, baseUrl));
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

interface Sought {
  id: string;
  kind?: DeploymentKind | undefined;
}

/** @throws ObeliskError `not_found` */
export async function getDeployment(ctx: OrganizationContext, input: Sought): Promise<Deployment> {
  return deploymentFrom(await readOne(ctx, selectDeployments(ctx.organizationId), input), ctx.platform.settings.baseUrl);
}

/** One deployment as a list shows it. @throws ObeliskError `not_found` */
export async function getListedDeployment(ctx: OrganizationContext, input: Sought): Promise<ListedDeployment> {
  return listedFrom(await readOne(ctx, selectListed(ctx.organizationId), input), ctx.platform.settings.baseUrl);
}

async function readOne(
  ctx: OrganizationContext,
  all: ReturnType<typeof selectDeployments | typeof selectListed>,
  { id, kind }: Sought,
): Promise<DeploymentRow> {
  const one = all.where("d.id", "=", id);
  const { rows } = await readAuthorized(ctx, "deployments.read", { rows: kind ? one.where("d.kind", "=", kind) : one });
  const row = rows[0];
  if (!row) throw notFound("deployment");
  return row;
}
