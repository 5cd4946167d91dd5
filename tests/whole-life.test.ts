import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileExchange, connectChain, deployExchange, emitEvents } from "@obelisk/cli/demo/exchange";
import type { Deployment, Task } from "@obelisk/schemas/deployments";
import { createClient } from "@obelisk/sdk";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { obelisk, type RunningObelisk, startObelisk, temporaryDataDirectory } from "./running-obelisk.ts";
import { stallingNode } from "./stalling-node.ts";

const dataDir = temporaryDataDirectory();
let running: RunningObelisk;
let token: string;

beforeAll(async () => {
  running = await startObelisk(dataDir.path);
  const scopes = "deployments:read,deployments:write";
  const created = await obelisk(dataDir.path, ["keys", "create", "--organization", "acme", "--name", "test", "--scopes", scopes]);
  expect(created.status).toBe(0);
  token = created.stdout.trim();
});

afterAll(async () => {
  await running?.stop();
  dataDir.remove();
});

/** Runs one command with the key, finding the port by the data directory. */
const command = (...args: string[]) => obelisk(dataDir.path, args, { OBELISK_TOKEN: token });

/** What a command prints that must succeed. */
async function done(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await command(...args);
  expect(status, `${args.join(" ")}: ${stderr}`).toBe(0);
  return stdout;
}

/** What a command says that must fail: nothing on standard output, the cause and the remedy on standard error. */
async function refused(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await command(...args);
  expect([status, stdout], args.join(" ")).toEqual([1, ""]);
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
}

test("the demo, run whole, deprovisions its indexer and finds the endpoint gone", async () => {
  const demo = await obelisk(dataDir.path, ["demo", "--events", "600"]);
  expect(`${demo.stderr}${demo.stdout}`).toMatch(/equal in every field.*find its endpoint gone.*verify the audit log.*All as it must be/s);
  expect(demo.status).toBe(0);
  const [left] = (await createClient({ baseUrl: running.url, token }).deployments.list("indexer")).data;
  expect(left).toMatchObject({ name: expect.stringMatching(/^demo /), status: "deprovisioned", desiredState: "deprovisioned" });
}, 120_000);

test("the command line walks a deployment through its life, and each refusal says what to do", async () => {
  const chain = await connectChain(running.connection.chainRpcUrl);
  const compiled = await compileExchange();
  const { address, block } = await deployExchange(chain, compiled);
  await emitEvents(chain, compiled.abi, address, 6);
  const abi = join(dataDir.path, "Exchange.json");
  writeFileSync(abi, JSON.stringify(compiled));
  const node = await stallingNode(running.connection.chainRpcUrl);
  const create = (name: string, ...more: string[]) => [
    "deployments",
    "create",
    "indexer",
    "--name",
    name,
    "--contract",
    `${address}=${abi}@${block}`,
    ...more,
  ];
  const tasksOf = async (id: string): Promise<Task[]> => JSON.parse(await done("deployments", "tasks", id, "--json"));
  const shown = async (id: string): Promise<Deployment> => JSON.parse(await done("deployments", "show", id, "--json"));
  try {
    expect(JSON.parse(await done("status", "--json"))).toMatchObject({ ready: true, database: "ok", workersAlive: 1 });
    expect(await done("migrate")).toBe("The database was up to date.\n");

    const created = await command(...create("walked", "--network", "local", "--wait"));
    expect(created).toMatchObject({ status: 0, stdout: expect.stringMatching(/^dep_\w+ {2}walked {2}running\n$/) });
    expect(created.stderr.match(/^✓/gm)).toHaveLength(5);
    const id = created.stdout.split(" ")[0] ?? "";
    expect(await done("deployments", "show", id)).toMatch(/^status +running$/m);
    expect(await done("deployments", "logs", id)).toContain("caught up with the chain");
    for (const [verb, status] of [
      ["suspend", "suspended"],
      ["resume", "running"],
      ["redeploy", "running"],
    ] as const) {
      expect(await done("deployments", verb, id, "--wait")).toBe(`${id}  walked  ${status}\n`);
      expect((await shown(id)).status).toBe(status);
    }
    const tasks = await tasksOf(id);
    expect(tasks.map(({ action, status }) => `${action} ${status}`)).toEqual(
      ["redeploy", "resume", "suspend", "provision"].map((action) => `${action} succeeded`),
    );
    expect(await refused("deployments", "cancel", id, tasks[0]?.id ?? "")).toMatch(/code conflict, request id/);

    const [stalled = ""] = (await done(...create("stalled", "--rpc-url", node.url))).split(" ");
    const [first] = await tasksOf(stalled);
    expect(await done("deployments", "cancel", stalled, first?.id ?? "")).toMatch(/^tsk_\w+ {2}provision {2}cancell(ing|ed)\n$/);
    await waitFor(async () => (await tasksOf(stalled))[0]?.status === "cancelled", { within: 20_000, what: "the task is cancelled" });
    node.goOn();
    expect(await done("deployments", "rerun", stalled, first?.id ?? "")).toMatch(/^tsk_\w+ {2}provision {2}queued\n$/);
    await waitFor(async () => (await shown(stalled)).status === "running", { within: 30_000, what: "the indexer runs after all" });

    expect(await done("deployments", "delete", id, "--wait")).toBe(`${id}  walked  deprovisioned\n`);
    expect((await createClient({ baseUrl: running.url, token }).endpoint((await shown(id)).slug, "/rest")).status).toBe(404);
    const refusals = await Promise.all([
      refused("deployments", "resume", id),
      refused("deployments", "show", "dep_nowhere"),
      refused("deployments", "list", "--token", "obk_wrong"),
      refused("deployments", "list", "--url", "http://127.0.0.1:2"),
      refused("audit", "verify", "--organization", "nobody"),
    ]);
    for (const [index, remedy] of [
      "code conflict, request id",
      "code not_found, request id",
      "Create a key with `obelisk keys create`",
      "Start it with `obelisk up`",
      "Its card under Organizations in the dashboard shows its slug.",
    ].entries())
      expect(refusals[index]).toContain(remedy);
    await done("deployments", "delete", stalled, "--wait");
    expect(await done("audit", "verify", "--organization", "acme")).toMatch(/^intact: \d+ entries/);
  } finally {
    node.close();
  }
}, 240_000);

test("the demo compares every event with the chain, and what it leaves is as it was after Ctrl-C and another start", async () => {
  const demo = await obelisk(dataDir.path, ["demo", "--url", running.url, "--keep"]);
  expect(`${demo.stderr}${demo.stdout}`).toContain("equal in every field");
  expect(demo.status).toBe(0);

  const { deployments } = createClient({ baseUrl: running.url, token });
  const [newest] = (await deployments.list("indexer")).data;
  const before = await deployments.get("indexer", newest?.id ?? "");
  expect(before.status).toBe("running");
  const listed = await command("deployments", "list", "--status", "running", "--json");
  expect(listed.stderr).toBe("");
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: before.id, status: "running" }]);
  const port = Number(new URL(running.url).port);
  expect(await running.stop()).toBe(0);

  running = await startObelisk(dataDir.path, port);
  const client = createClient({ baseUrl: running.url, token });
  // What the page says of the deployment is as old as its last check: that the program is back is what its endpoint answers.
  const answer = await waitFor(
    async () => {
      const response = await client.endpoint(before.slug, "/rest/transfer?limit=5");
      if (response.status === 200) return response;
      expect([502, 503]).toContain(response.status);
      return null;
    },
    { within: 15_000, every: 250, what: "the indexer answers again" },
  );
  expect(((await answer.json()) as { data: unknown[] }).data).toHaveLength(5);
  const after = await client.deployments.get("indexer", before.id);
  expect(after.status).toBe("running");
  expect({ ...after, health: null, updatedAt: null }).toEqual({ ...before, health: null, updatedAt: null });
}, 240_000);
