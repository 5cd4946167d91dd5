import { listTasks, pageDeployments } from "@obelisk/core/modules/provisioning";
import type { Page } from "@obelisk/schemas/primitives";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../kernel/ids.ts";

let host: TestPlatform;
let tenant: TestTenant;
const deployments = Array.from({ length: 5 }, () => newId("deployment"));
const tasks = Array.from({ length: 5 }, () => newId("task"));
const [deployment = ""] = deployments;

beforeAll(async () => {
  host = await openTestPlatform();
  tenant = await createTenant(host);
  await host.owner.query(
    `insert into deployments (organization_id, id, kind, name, slug, template, status, desired_state, config, sealed_spec, created_by)
     select $1, id, 'indexer', id, id, 'evm-events', 'running', 'running', '{"contracts": []}', '', 'test' from unnest($2::text[]) as id`,
    [tenant.id, deployments],
  );
  await host.owner.query(
    `insert into tasks (organization_id, id, deployment_id, action, status, former_status, former_desired_state, requested_by, request_id, deadline_at)
     select $1, id, $2, 'redeploy', 'succeeded', 'running', 'running', 'test', 'test', now() from unnest($3::text[]) as id`,
    [tenant.id, deployment, tasks],
  );
});
afterAll(() => host?.close());

/** The ids of each page, until there is no next one. */
async function pagesOf(read: (cursor: string | null) => Promise<Page<{ id: string }>>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: Page<{ id: string }> = await read(cursor);
    pages.push(page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null && pages.length < 9);
  return pages;
}

test.each([
  ["deployments", deployments, (cursor: string | null) => pageDeployments(tenant.asMember(), { kind: "indexer", limit: 2, cursor })],
  ["a deployment's tasks", tasks, (cursor: string | null) => listTasks(tenant.asMember(), { id: deployment, limit: 2, cursor })],
] as const)("%s are paged newest first, each on one page", async (_, ids, read) => {
  const [first, second, third, fourth, fifth] = [...ids].reverse();
  expect(await pagesOf(read)).toEqual([[first, second], [third, fourth], [fifth]]);
});

test("a cursor that no page gave is refused by name", async () => {
  for (const cursor of ["x", "", deployment.slice(0, -1), tasks[0] ?? ""])
    await expect(pageDeployments(tenant.asMember(), { kind: "indexer", cursor })).rejects.toMatchObject({
      code: "invalid_request",
      errors: [{ path: "cursor", message: "expected the nextCursor of a page" }],
    });
});
