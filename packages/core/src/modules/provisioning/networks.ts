import type { Network } from "@obelisk/schemas/deployments";
import { statements } from "../../db/tenant-db.ts";
import { readAuthorized } from "../../kernel/authorized-read.ts";
import type { OrganizationContext } from "../../kernel/context.ts";

/** Networks the operator offers, by name. */
export async function listNetworks(ctx: OrganizationContext): Promise<Network[]> {
  const { rows } = await readAuthorized(ctx, "deployments.read", {
    rows: statements
      .selectFrom("networks")
      .select(["slug", "name", "family", "chainId", "development"])
      .where("enabled", "=", true)
      .orderBy("name")
      .limit(500),
  });
  return rows;
}
