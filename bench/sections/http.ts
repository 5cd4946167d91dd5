import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applicationRole, roleUrl, systemRole } from "@obelisk/core/db/client";
import type { Platform } from "@obelisk/core/kernel/context";
import { newId } from "@obelisk/core/kernel/ids";
import { createLogger } from "@obelisk/core/kernel/logger";
import { openPlatform } from "@obelisk/core/kernel/platform";
import { createApiKey } from "@obelisk/core/modules/api-keys";
import { registerNetwork } from "@obelisk/core/modules/provisioning";
import { freePort } from "@obelisk/embedded";
import type { ReplayOptions } from "../bare-driver.ts";
import type { LoadOptions, LoadResult } from "../load.ts";
import { runNode, startNode } from "../processes.ts";
import type { RecordedStatement } from "../record-sql.ts";
import { against, aim, type Measure, type Section } from "../report.ts";
import { emitTransfers, encryptionKey, type Stage, sql } from "../stage.ts";

const clients = 32;
const time = { warmUpMs: 2_000, durationMs: 6_000 };
const route = "/api/public/v1/deployments/indexer";

/** Deployments there are while the list is measured: a page of the default size and more. */
const listed = 60;

interface Api {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Authenticated list and create on the public API, against a bare HTTP server and against the same SQL by the bare driver. */
export async function httpSection(stage: Stage): Promise<Section> {
  const { databaseUrl } = await stage.controlDatabase("bench_http");
  const body = await createBody(stage);
  const token = await prepareTenant(stage, databaseUrl);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const recordings = await recordRequests(stage, databaseUrl, { headers, body });
  const server = await startServer(databaseUrl);
  try {
    const api = { url: server.url, headers, body };
    for (let number = 0; number < listed; number += 1) await post(api, randomUUID());
    const page = await (await fetch(`${api.url}${route}`, { headers })).text();
    const get = await measure(api, { method: "GET", path: route, body: null, expectedStatus: 200 });
    const bareGet = await measureBare(api, { status: 200, body: page }, null);
    const create = await measure(api, { method: "POST", path: route, body, expectedStatus: 201 });
    const created = await post(api, randomUUID());
    const barePost = await measureBare(api, { status: 201, body: created }, body);
    await server.stop();
    const urls = Object.fromEntries([applicationRole, systemRole].map((role) => [role, roleUrl(databaseUrl, role, encryptionKey)]));
    const replay = (statements: RecordedStatement[], fresh: string[]) =>
      runNode<LoadResult>(
        "bench/bare-driver.ts",
        { urls, statements, fresh, connections: 16, clients, ...time } satisfies ReplayOptions,
        60_000,
      );
    const driverGet = await replay(recordings.list, []);
    const driverPost = await replay(recordings.create, recordings.fresh);
    return {
      name: `Public API, ${clients} clients`,
      measures: [
        ...told("list", get, bareGet, driverGet, (result) =>
          aim("at least 50 % of the bare driver", result >= 0.5 * driverGet.requestsPerSecond),
        ),
        ...told("create", create, barePost, driverPost),
      ].map((entry) => (entry.name === "POST create, p99" ? { ...entry, aim: aim("below 50 ms", create.p99 < 50) } : entry)),
    };
  } finally {
    await server.stop();
  }
}

function told(
  what: "list" | "create",
  ours: LoadResult,
  bare: LoadResult,
  driver: LoadResult,
  goal?: (rate: number) => Measure["aim"],
): Measure[] {
  const name = what === "list" ? "GET list" : "POST create";
  const met = goal?.(ours.requestsPerSecond);
  return [
    {
      ...{ name, value: ours.requestsPerSecond, unit: "req/s" },
      limit: against("the same SQL", driver.requestsPerSecond, ours.requestsPerSecond),
      ...(met ? { aim: met } : {}),
    },
    {
      ...{ name: `${name}, against bare HTTP`, value: ours.requestsPerSecond, unit: "req/s" },
      limit: against("node:http", bare.requestsPerSecond, ours.requestsPerSecond),
    },
    { name: `${name}, p50`, value: ours.p50, unit: "ms" },
    { name: `${name}, p99`, value: ours.p99, unit: "ms", limit: against("the same SQL", driver.p99, ours.p99) },
  ];
}

function measure(api: Api, request: Pick<LoadOptions, "method" | "path" | "body" | "expectedStatus">): Promise<LoadResult> {
  const options: LoadOptions = { origin: api.url, headers: api.headers, clients, ...time, ...request };
  return runNode("bench/load.ts", options, 60_000);
}

async function measureBare(api: Api, answer: { status: number; body: string }, body: string | null): Promise<LoadResult> {
  const bare = startNode("bench/bare-server.ts", { args: [JSON.stringify(answer)] });
  try {
    const port = Number((await bare.line(/^listening/, 10_000)).split(" ")[1]);
    const request = { method: body === null ? "GET" : "POST", path: route, body, expectedStatus: answer.status } as const;
    return await measure({ ...api, url: `http://127.0.0.1:${port}` }, request);
  } finally {
    await bare.stop();
  }
}

async function post({ url, headers, body }: Api, idempotencyKey: string): Promise<string> {
  const response = await fetch(`${url}${route}`, { method: "POST", headers: { ...headers, "idempotency-key": idempotencyKey }, body });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`create answered ${response.status}: ${text}`);
  return text;
}

async function createBody(stage: Stage): Promise<string> {
  const { address, abi, firstBlock } = await emitTransfers(stage.chain, 1);
  return JSON.stringify({ name: "benchrecord", network: "local", contracts: [{ address, abi, startBlock: firstBlock }] });
}

/** An organization, a key, the chain, and a worker that looks alive: what creates would start is not part of this measure. */
async function prepareTenant(stage: Stage, databaseUrl: string): Promise<string> {
  const organizationId = newId("organization");
  await sql(databaseUrl, "insert into organizations (id, name, slug) values ($1, 'Bench', 'bench')", [organizationId]);
  await sql(
    databaseUrl,
    `insert into workers (id, host, pid, version, driver, templates, capacity, heartbeat_at)
     values ($1, 'bench', 1, 'bench', 'process', '{evm-events}', 1000000000, now() + interval '1 hour')`,
    [newId("worker")],
  );
  const { platform, close } = await openPlatform({
    ...{ name: "obelisk bench", databaseUrl, encryptionKeys: [encryptionKey], role: "producer" as const },
    settings: {
      ...{ baseUrl: "http://localhost", production: false, allowPrivateTargets: true, runtimeDatabaseUrl: `${databaseUrl}_runtimes` },
      rateLimit: { requests: 1_000_000, windowSeconds: 60 },
      limits: { deployments: 100_000, apiKeys: 100_000, organizations: 100_000 },
    },
    logger: createLogger({ name: "bench", level: "silent" }),
    connections: { application: 1, system: 1, queue: 1 },
  });
  try {
    return await issueKey(platform, organizationId, stage.chain.rpcUrl);
  } finally {
    await close();
  }
}

async function issueKey(platform: Platform, organizationId: string, rpcUrl: string): Promise<string> {
  await registerNetwork(platform, { slug: "local", name: "Local", family: "evm", chainId: 31_337, rpcUrls: [rpcUrl], development: true });
  const actor = { type: "system" as const, id: "bench", label: "bench" };
  const { token } = await createApiKey(
    { platform, organizationId, requestId: "bench", actor, ip: null },
    { name: "bench", scopes: ["deployments:read", "deployments:write"] },
  );
  return token;
}

async function startServer(databaseUrl: string, recordTo?: string) {
  const port = await freePort();
  const started = startNode("apps/server/src/main.ts", {
    nodeArgs: recordTo ? ["--import", join(import.meta.dirname, "../record-sql.ts")] : [],
    env: {
      ...{ PORT: String(port), DATABASE_URL: databaseUrl, ENCRYPTION_KEY: encryptionKey, AUTH_SECRET: encryptionKey, LOG_LEVEL: "info" },
      ...{ PUBLIC_API_RATE_LIMIT: "1000000", ORGANIZATION_MAX_DEPLOYMENTS: "100000", BASE_URL: `http://localhost:${port}` },
      ...(recordTo ? { BENCH_RECORD: recordTo } : {}),
    },
  });
  await started.line(/"event":"listening"/, 30_000);
  // Its lines of every request are to be written, as in life, but not to be read by this process on the same cores.
  started.mute();
  return { url: `http://127.0.0.1:${port}`, stop: () => started.stop() };
}

/** Lets a server write down the SQL of one list and one create, each after a first one that filled its caches. */
async function recordRequests(stage: Stage, databaseUrl: string, { headers, body }: Omit<Api, "url">) {
  const file = join(stage.scratch, "recorded.jsonl");
  const server = await startServer(databaseUrl, file);
  try {
    const api = { url: server.url, headers, body };
    const idempotencyKey = randomUUID();
    await post(api, randomUUID());
    const list = async () => (await fetch(`${api.url}${route}`, { headers })).text();
    await list();
    const answer = await post(api, idempotencyKey);
    await list();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const recorded = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { request: string; statements: RecordedStatement[] });
    const last = (method: string) => recorded.findLast(({ request }) => request.startsWith(method))?.statements ?? [];
    const create = last("POST");
    const text = JSON.stringify(create);
    const made = new Set([...text.matchAll(/(?:dep|tsk|aud)_[0-9a-z]{26}/g)].map(([id]) => id));
    const slug = /"slug":"([^"]+)"/.exec(answer)?.[1];
    return { list: last("GET"), create, fresh: [...made, idempotencyKey, ...(slug ? [slug] : [])] };
  } finally {
    await server.stop();
  }
}
