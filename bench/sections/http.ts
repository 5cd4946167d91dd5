import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applicationRole, roleUrl, systemRole } from "@obelisk/core/db/client";
import type { Platform } from "@obelisk/core/kernel/context";
import { newId } from "@obelisk/core/kernel/ids";
import { createLogger } from "@obelisk/core/kernel/logger";
import { openPlatform } from "@obelisk/core/kernel/platform";
import { hashToken } from "@obelisk/core/kernel/secrets";
import { createApiKey } from "@obelisk/core/modules/api-keys";
import { registerNetwork } from "@obelisk/core/modules/provisioning";
import { freePort } from "@obelisk/embedded";
import { poolSizes } from "@obelisk/server/config";
import type { ReplayOptions } from "../bare-driver.ts";
import type { LoadOptions, LoadResult } from "../load.ts";
import { runNode, startNode } from "../processes.ts";
import type { RecordedStatement } from "../record-sql.ts";
import { against, aim, type Measure, type Section } from "../report.ts";
import { emitTransfers, encryptionKey, type Stage, sql } from "../stage.ts";

const clients = 32;
/** The warm-up is long enough for the compiler to have seen what it will optimize. */
const time = { warmUpMs: 5_000, durationMs: 6_000 };
const route = "/api/public/v1/deployments/indexer";

/** Deployments there are while the list is measured: a page of the default size and more. */
const listed = 60;

/** An organization with a key. */
interface Tenant {
  organizationId: string;
  keyId: string;
  token: string;
}

interface Api {
  url: string;
  tenants: Tenant[];
  body: string;
}

/**
 * Authenticated list and create on the public API, against a bare HTTP server and against the same SQL by the bare driver. Creates come from
 * one organization for each client, since one alone may have neither the deployments nor the requests; and, for comparison, all from one,
 * whose audit chain commits them one after the other. The driver follows right after, on data like the server's: the same list, and as many
 * organizations that have nothing yet.
 */
export async function httpSection(stage: Stage): Promise<Section> {
  const { databaseUrl } = await stage.controlDatabase("bench_http");
  const body = await createBody(stage);
  const tenants = await prepareTenants(stage, databaseUrl, 1 + 2 * (clients + 1));
  const [listing = [], creating = [], replaying = [], creatingInOne = [], replayingInOne = []] = inGroups(tenants, [
    1,
    clients,
    clients,
    1,
    1,
  ]);
  const recordings = await recordRequests(stage, databaseUrl, { tenants: listing, body });
  const server = await startServer(databaseUrl);
  try {
    const served = (as: Tenant[]) => ({ url: server.url, tenants: as, body });
    const pools = poolsOf(databaseUrl);
    const replay = (statements: RecordedStatement[], fresh: string[], as: Tenant[]) =>
      runNode<LoadResult>(
        "bench/bare-driver.ts",
        { pools, statements, fresh, tenants: replacements(listing, as), clients, ...time } satisfies ReplayOptions,
        60_000,
      );
    const lister = served(listing);
    let created = "";
    for (let number = 0; number < listed; number += 1) created = await post(lister, randomUUID());
    const page = await (await fetch(`${server.url}${route}`, { headers: headersOf(lister) })).text();

    const [get, driverGet] = await inTurns(
      () => measure(lister, { method: "GET", path: route, body: null, expectedStatus: 200 }),
      () => replay(recordings.list, [], listing),
    );
    const bareGet = await measureBare(lister, { status: 200, body: page }, null);
    const creates = { method: "POST", path: route, body, expectedStatus: 201 } as const;
    const create = await measure(served(creating), creates);
    const driverPost = await replay(recordings.create, recordings.fresh, replaying);
    const barePost = await measureBare(served(creating), { status: 201, body: created }, body);
    const createInOne = await measure(served(creatingInOne), creates);
    const driverPostInOne = await replay(recordings.create, recordings.fresh, replayingInOne);
    return {
      name: `Public API, ${clients} clients`,
      measures: [
        ...told("GET list", get, driverGet, bareGet, {
          rate: aim("at least 50 % of the bare driver", get.requestsPerSecond >= 0.5 * driverGet.requestsPerSecond),
        }),
        ...told("POST create", create, driverPost, barePost, { p99: aim("below 50 ms", create.p99 < 50) }),
        ...told("POST create, all in one organization", createInOne, driverPostInOne),
      ],
    };
  } finally {
    await server.stop();
  }
}

/** Both one after the other, several times, and the turn whose ratio is the middle one: a shared machine's speed changes within seconds. */
async function inTurns(ours: () => Promise<LoadResult>, limit: () => Promise<LoadResult>): Promise<[LoadResult, LoadResult]> {
  const turns: [LoadResult, LoadResult][] = [];
  while (turns.length < 3) turns.push([await ours(), await limit()]);
  const ratio = ([mine, bare]: [LoadResult, LoadResult]) => mine.requestsPerSecond / bare.requestsPerSecond;
  return turns.toSorted((a, b) => ratio(a) - ratio(b))[1] as [LoadResult, LoadResult];
}

/** The list cut into groups of these sizes. */
function inGroups(tenants: readonly Tenant[], sizes: readonly number[]): Tenant[][] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return tenants.slice(end - size, end);
  });
}

/** The server's connections: whose, and how many. */
function poolsOf(databaseUrl: string): ReplayOptions["pools"] {
  const pool = (role: string, max: number) => [role, { connectionString: roleUrl(databaseUrl, role, encryptionKey), max }];
  return Object.fromEntries([pool(applicationRole, poolSizes.application), pool(systemRole, poolSizes.system)]);
}

/** What stands in each tenant's statements where the recorded ones name the first tenant. */
function replacements([recorded]: Tenant[], tenants: Tenant[]): Record<string, string>[] {
  if (!recorded) return [];
  const textsOf = ({ organizationId, keyId, token }: Tenant) => [organizationId, keyId, hashToken(token).toString("hex")];
  const from = textsOf(recorded);
  return tenants.map((tenant) => Object.fromEntries(textsOf(tenant).map((text, index) => [from[index], text])));
}

function told(
  name: string,
  ours: LoadResult,
  driver: LoadResult,
  bare: LoadResult | null = null,
  aims: { rate?: Measure["aim"]; p99?: Measure["aim"] } = {},
): Measure[] {
  const rate = { value: ours.requestsPerSecond, unit: "req/s" };
  return [
    {
      ...{ name, ...rate, limit: against("the same SQL", driver.requestsPerSecond, ours.requestsPerSecond) },
      ...(aims.rate ? { aim: aims.rate } : {}),
    },
    ...(bare
      ? [{ name: `${name}, against bare HTTP`, ...rate, limit: against("node:http", bare.requestsPerSecond, ours.requestsPerSecond) }]
      : []),
    { name: `${name}, p50`, value: ours.p50, unit: "ms", limit: against("the same SQL", driver.p50, ours.p50) },
    {
      ...{ name: `${name}, p99`, value: ours.p99, unit: "ms", limit: against("the same SQL", driver.p99, ours.p99) },
      ...(aims.p99 ? { aim: aims.p99 } : {}),
    },
  ];
}

function measure(api: Api, request: Pick<LoadOptions, "method" | "path" | "body" | "expectedStatus">): Promise<LoadResult> {
  const options: LoadOptions = { origin: api.url, tokens: api.tenants.map(({ token }) => token), clients, ...time, ...request };
  return runNode("bench/load.ts", options, 60_000);
}

function headersOf({ tenants }: Pick<Api, "tenants">): Record<string, string> {
  return { authorization: `Bearer ${tenants[0]?.token}`, "content-type": "application/json" };
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

/** Creates one in the first tenant. */
async function post({ url, tenants, body }: Api, idempotencyKey: string): Promise<string> {
  const headers = { ...headersOf({ tenants }), "idempotency-key": idempotencyKey };
  const response = await fetch(`${url}${route}`, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`create answered ${response.status}: ${text}`);
  return text;
}

async function createBody(stage: Stage): Promise<string> {
  const { address, abi, firstBlock } = await emitTransfers(stage.chain, 1);
  return JSON.stringify({ name: "benchrecord", network: "local", contracts: [{ address, abi, startBlock: firstBlock }] });
}

/** Organizations with a key each, the chain, and a worker that looks alive: what creates would start is not part of this measure. */
async function prepareTenants(stage: Stage, databaseUrl: string, count: number): Promise<Tenant[]> {
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
      limits: { deployments: 100_000, apiKeys: 100_000, organizations: 100_000, storageBytes: 1024 ** 4 },
    },
    logger: createLogger({ name: "bench", level: "silent" }),
    connections: { application: 1, system: 1, queue: 1 },
  });
  try {
    const chain = { slug: "local", name: "Local", family: "evm", chainId: 31_337, rpcUrls: [stage.chain.rpcUrl], development: true };
    await registerNetwork(platform, chain);
    const tenants: Tenant[] = [];
    for (let number = 0; number < count; number += 1) tenants.push(await prepareTenant(platform, databaseUrl, number));
    return tenants;
  } finally {
    await close();
  }
}

async function prepareTenant(platform: Platform, databaseUrl: string, number: number): Promise<Tenant> {
  const organizationId = newId("organization");
  await sql(databaseUrl, "insert into organizations (id, name, slug) values ($1, $2, $2)", [organizationId, `bench-${number}`]);
  const actor = { type: "system" as const, id: "bench", label: "bench" };
  const { token, key } = await createApiKey(
    { platform, organizationId, requestId: "bench", actor, ip: null },
    { name: "bench", scopes: ["deployments:read", "deployments:write"] },
  );
  return { organizationId, keyId: key.id, token };
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
async function recordRequests(stage: Stage, databaseUrl: string, { tenants, body }: Omit<Api, "url">) {
  const file = join(stage.scratch, "recorded.jsonl");
  const server = await startServer(databaseUrl, file);
  try {
    const api = { url: server.url, tenants, body };
    const headers = headersOf(api);
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
