import { createClient } from "@obelisk/sdk";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, expect, test } from "vitest";
import { obelisk, type RunningObelisk, startObelisk, temporaryDataDirectory } from "./running-obelisk.ts";

const dataDir = temporaryDataDirectory();
let running: RunningObelisk;

afterAll(async () => {
  await running?.stop();
  dataDir.remove();
});

/** A new key of acme that may read. */
async function newToken(): Promise<string> {
  const created = await obelisk(dataDir.path, [
    "keys",
    "create",
    "--organization",
    "acme",
    "--name",
    "test",
    "--scopes",
    "deployments:read",
    "--json",
  ]);
  expect(created.stderr).toBe("");
  return (JSON.parse(created.stdout) as { token: string }).token;
}

test("the demo compares every event with the chain, and what it leaves is as it was after Ctrl-C and another start", async () => {
  running = await startObelisk(dataDir.path);
  const demo = await obelisk(dataDir.path, ["demo", "--url", running.url, "--keep"]);
  expect(`${demo.stderr}${demo.stdout}`).toContain("equal in every field");
  expect(demo.status).toBe(0);

  const token = await newToken();
  const [before] = (await createClient({ baseUrl: running.url, token }).deployments.list("indexer")).data;
  expect(before?.status).toBe("running");
  // The command line finds the port by the data directory.
  const listed = await obelisk(dataDir.path, ["deployments", "list", "--json", "--token", token]);
  expect(listed.stderr).toBe("");
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: before?.id, status: "running" }]);
  const port = Number(new URL(running.url).port);
  expect(await running.stop()).toBe(0);

  running = await startObelisk(dataDir.path, port);
  const client = createClient({ baseUrl: running.url, token });
  // What the page says of the deployment is as old as its last check: that the program is back is what its endpoint answers.
  const answer = await waitFor(
    async () => {
      const response = await client.endpoint(before?.slug ?? "", "/rest/transfer?limit=5");
      if (response.status === 200) return response;
      expect([502, 503]).toContain(response.status);
      return null;
    },
    { within: 15_000, every: 250, what: "the indexer answers again" },
  );
  expect(((await answer.json()) as { data: unknown[] }).data).toHaveLength(5);
  const after = await client.deployments.get("indexer", before?.id ?? "");
  expect(after.status).toBe("running");
  expect({ ...after, health: null, updatedAt: null }).toEqual({ ...before, health: null, updatedAt: null });
}, 240_000);
