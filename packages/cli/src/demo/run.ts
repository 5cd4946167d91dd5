import type { Deployment } from "@obelisk/schemas/deployments";
import { ObeliskApiError, type ObeliskClient } from "@obelisk/sdk";
import type { Address } from "viem";
import { follow } from "../deployments/follow.ts";
import { CommandFailure } from "../failure.ts";
import { readChainEvents } from "./chain-events.ts";
import { compareRows } from "./compare.ts";
import { Endpoint } from "./endpoint.ts";
import { type ChainConnection, compileExchange, connectChain, deployExchange, emitEvents } from "./exchange.ts";
import { expectedTables } from "./expected-tables.ts";
import type { Narrator } from "./narrator.ts";
import { waitUntil } from "./wait-until.ts";

export interface DemoOptions {
  client: ObeliskClient;
  baseUrl: string;
  rpcUrl: string;
  /** Network's slug; null where the indexer is to be given the RPC URL itself. */
  network: string | null;
  /** Events emitted before the indexer starts. */
  events: number;
  /** Leaves the indexer running. */
  keep: boolean;
  narrator: Narrator;
  signal: AbortSignal;
  /** Walks the organization's audit chain; null where the database is out of reach. */
  verifyAudit: (() => Promise<{ intact: boolean; entries: number; fault: { sequence: number; reason: string } | null }>) | null;
}

/** Longest a task of the demo may take, in milliseconds. */
const taskTime = 120_000;

/** Longest the indexer may take to reach the chain's head, in milliseconds. */
const syncTime = 180_000;

/** What is emitted while the indexer is suspended, so that resuming has something to catch up with. */
const lateEvents = 600;

/**
 * The main job as a user walks it: a contract on a chain, an indexer of it by the public API, every event compared with the chain's own.
 * @throws at the first thing that isn't as it must be.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { client, narrator } = options;
  await narrator.step(
    "find Obelisk",
    () => requireReady(options.baseUrl),
    () => options.baseUrl,
  );
  const chain = await narrator.step(
    "connect to the chain",
    () => connectChain(options.rpcUrl),
    ({ wallet }) => `chain ${wallet.chain.id}`,
  );
  const exchange = await narrator.step("compile the contract", compileExchange, ({ bytecode }) => `${bytecode.length / 2 - 1} bytes`);
  const contract = await narrator.step(
    "deploy it",
    () => deployExchange(chain, exchange),
    ({ address, block }) => `${address} in block ${block}`,
  );
  const subject = { chain, abi: exchange.abi, ...contract };
  await emit(options, subject, options.events, "emit events");
  const created = await narrator.step(
    "create the indexer",
    () =>
      client.deployments.create("indexer", {
        name: `demo ${new Date().toISOString().slice(0, 19)}`,
        ...(options.network === null ? { rpcUrl: options.rpcUrl } : { network: options.network }),
        // The ABI comes from the compiler; the schema checks it on the other side.
        contracts: [{ address: contract.address, abi: exchange.abi as never, startBlock: contract.block }],
      }),
    ({ id, slug }) => `${id}, endpoint /d/${slug}`,
  );
  try {
    await settle(options, created, "running", "provision");
    const endpoint = new Endpoint(client, created.slug);
    await narrator.step(
      "refuse strangers",
      () => requirePrivate(options.baseUrl, created.slug),
      (status) => `${status} without a key`,
    );
    await compareWithChain(options, subject, endpoint);
    await settle(options, await client.deployments.suspend("indexer", created.id), "suspended", "suspend");
    await emit(options, subject, lateEvents, "emit more while suspended");
    await settle(options, await client.deployments.resume("indexer", created.id), "running", "resume");
    await compareWithChain(options, subject, endpoint);
  } catch (error) {
    if (!options.keep)
      await client.deployments.remove("indexer", created.id).catch(() => narrator.detail(`${created.id} could not be removed and stays`));
    throw error;
  }
  if (options.keep) narrator.detail(`${created.id} keeps running: ${options.baseUrl}/d/${created.slug}/graphql`);
  else {
    await settle(options, await client.deployments.remove("indexer", created.id), "deprovisioned", "deprovision");
    await narrator.step(
      "find its endpoint gone",
      () => requireGone(options, created),
      (status) => `${status}`,
    );
  }
  await verifyAudit(options);
}

interface Subject {
  chain: ChainConnection;
  abi: Awaited<ReturnType<typeof compileExchange>>["abi"];
  address: Address;
  /** Block of the contract's deployment. */
  block: number;
}

async function emit({ narrator }: DemoOptions, { chain, abi, address }: Subject, count: number, title: string): Promise<void> {
  await narrator.step(
    title,
    () => emitEvents(chain, abi, address, count),
    (block) => `${count} events, up to block ${block}`,
  );
}

async function settle(
  { client, narrator, signal }: DemoOptions,
  started: Deployment,
  goal: Deployment["status"],
  title: string,
): Promise<void> {
  await narrator.step(
    title,
    () => follow(client, started, { goal, within: taskTime, signal, report: (line) => narrator.detail(line) }),
    ({ status }) => status,
  );
}

/** Waits for the head, then compares every row of every table, by REST and by GraphQL. */
async function compareWithChain({ narrator, signal }: DemoOptions, subject: Subject, endpoint: Endpoint): Promise<void> {
  const head = Number(await subject.chain.public.getBlockNumber({ cacheTime: 0 }));
  await narrator.step(
    "wait until it is in step",
    () =>
      waitUntil(async () => ((await endpoint.health()).syncedBlock ?? -1) >= head, {
        ...{ within: syncTime, every: 500, signal },
        what: `the indexer reaches block ${head}`,
      }),
    () => `block ${head}`,
  );
  const events = await narrator.step(
    "read the chain's own logs",
    () => readChainEvents(subject.chain, subject.abi, subject.address, subject.block, head),
    (found) => `${found.length} events`,
  );
  const tables = expectedTables(events, await endpoint.tables());
  for (const [language, read] of [
    ["REST", (table) => endpoint.restRows(table)],
    ["GraphQL", (table) => endpoint.graphqlRows(table)],
  ] satisfies [string, (table: (typeof tables)[number]["table"]) => ReturnType<Endpoint["restRows"]>][]) {
    await narrator.step(
      `compare all of it over ${language}`,
      async () => {
        let equal = 0;
        for (const { table, rows } of tables) {
          const comparison = compareRows(table.name, rows, await read(table));
          for (const line of comparison.differences) narrator.detail(`✗ ${line}`);
          if (comparison.differing > 0)
            throw new CommandFailure(`${comparison.differing} differences between ${table.name} over ${language} and the chain`);
          equal += comparison.equal;
        }
        return equal;
      },
      (equal) => `${equal} rows of ${tables.length} tables equal in every field`,
    );
  }
}

async function requireReady(baseUrl: string): Promise<void> {
  const unready = (reason: string) =>
    new CommandFailure(`no Obelisk is ready at ${baseUrl}: ${reason}`, "Start it with `npm start`, or name another with --url.");
  let response: Response;
  try {
    response = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const cause = (error as Error).cause;
    throw unready(cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : (error as Error).message);
  }
  if (!response.ok) throw unready(`/readyz answered ${response.status} ${(await response.text()).slice(0, 200)}`);
}

async function requirePrivate(baseUrl: string, slug: string): Promise<number> {
  const { status } = await fetch(`${baseUrl}/d/${slug}/rest`, { signal: AbortSignal.timeout(10_000) });
  if (status !== 401 && status !== 404) throw new Error(`a private endpoint answered ${status} to somebody without a key`);
  return status;
}

async function requireGone({ client }: DemoOptions, { id, slug }: Deployment): Promise<number> {
  const { status } = await client.endpoint(slug, "/rest");
  if (status < 400) throw new Error(`the endpoint of ${id} still answers ${status}`);
  const known = await client.deployments.get("indexer", id).catch((error: unknown) => {
    if (error instanceof ObeliskApiError && error.status === 404) return null;
    throw error;
  });
  if (known && known.status !== "deprovisioned") throw new Error(`${id} is ${known.status} again`);
  return status;
}

async function verifyAudit({ narrator, verifyAudit: verify }: DemoOptions): Promise<void> {
  if (!verify) return narrator.detail("audit log: not verified, since the database is out of reach with --token alone");
  await narrator.step(
    "verify the audit log",
    async () => {
      const verification = await verify();
      const { fault } = verification;
      if (!verification.intact) throw new CommandFailure(`the audit log breaks at entry ${fault?.sequence}: ${fault?.reason}`);
      return verification;
    },
    ({ entries }) => `${entries} entries, intact`,
  );
}
