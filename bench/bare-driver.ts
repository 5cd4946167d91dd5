/** Child process: sends recorded SQL by the bare driver from 32 workers, through pools as large as the server's, in the same batches, with fresh ids each time. */
import { randomBytes, randomUUID } from "node:crypto";
import pg from "pg";
import type { LoadResult } from "./load.ts";
import type { RecordedStatement } from "./record-sql.ts";
import { percentile } from "./report.ts";

export interface ReplayOptions {
  /** For each role in the recording its connection string and most connections. */
  pools: Record<string, { connectionString: string; max: number }>;
  statements: RecordedStatement[];
  /** Texts that must be new in each repetition: ids made by the request, its idempotency key, its slug. */
  fresh: string[];
  /** For each tenant the texts that stand in the place of the recorded one's: ids of organization and key, hash of the token. */
  tenants: Record<string, string>[];
  clients: number;
  warmUpMs: number;
  durationMs: number;
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? "") as ReplayOptions;
  console.log(JSON.stringify({ answer: await replay(options) }));
  process.exit(0);
}

async function replay(options: ReplayOptions): Promise<LoadResult> {
  const pools = new Map(
    Object.entries(options.pools).map(([role, { connectionString, max }]) => [
      role,
      new pg.Pool({ connectionString, max, pipeline: true }),
    ]),
  );
  const latencies: number[] = [];
  const begin = performance.now() + options.warmUpMs;
  const end = begin + options.durationMs;
  const batches = Map.groupBy(options.statements, ({ batch }) => batch);
  const lastUse = new Map(options.statements.map((statement, index) => [statement.client, index]));
  const worker = async (number: number) => {
    const tenant = options.tenants[number % options.tenants.length] ?? {};
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      await once(pools, batches, lastUse, options, tenant);
      if (sent >= begin) latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: options.clients }, (_, number) => worker(number)));
  latencies.sort((a, b) => a - b);
  return {
    requestsPerSecond: (latencies.length / options.durationMs) * 1_000,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    requests: latencies.length,
  };
}

async function once(
  pools: Map<string, pg.Pool>,
  batches: Map<number, RecordedStatement[]>,
  lastUse: Map<number, number>,
  { statements, fresh }: ReplayOptions,
  tenant: Record<string, string>,
): Promise<void> {
  const renew = renewal(fresh, tenant);
  const clients = new Map<number, pg.PoolClient>();
  try {
    for (const batch of batches.values()) {
      for (const { client, role } of batch) {
        if (!clients.has(client)) clients.set(client, (await pools.get(role)?.connect()) as pg.PoolClient);
      }
      await Promise.all(
        batch.map(({ client, name, text, values, rowMode }) =>
          clients.get(client)?.query({
            text,
            ...(name === null ? {} : { name }),
            ...(rowMode === null ? {} : { rowMode }),
            ...(values.length === 0 ? {} : { values: values.map(renew) }),
          }),
        ),
      );
      for (const { client } of batch.filter((statement) => statements[lastUse.get(statement.client) ?? -1] === statement)) {
        clients.get(client)?.release();
        clients.delete(client);
      }
    }
  } finally {
    for (const client of clients.values()) client.release();
  }
}

/** Replaces every text that must be new or a tenant's own, the same one by the same one within a repetition. */
function renewal(fresh: readonly string[], tenant: Record<string, string>): (value: unknown) => unknown {
  const replacements = [...Object.entries(tenant), ...fresh.map((text): [string, string] => [text, renewed(text)])];
  const inText = (value: string) => replacements.reduce((text, [from, to]) => text.replaceAll(from, to), value);
  return (value) => {
    if (typeof value === "string") return inText(value);
    if (value !== null && typeof value === "object" && "hex" in value) return Buffer.from(inText(String(value.hex)), "hex");
    return value !== null && typeof value === "object" ? JSON.parse(inText(JSON.stringify(value))) : value;
  };
}

function renewed(text: string): string {
  const id = /^([a-z]{3}_)([0-9a-z]{26})$/.exec(text);
  if (id)
    return `${id[1]}${id[2]?.slice(0, 8)}${BigInt(`0x${randomBytes(12).toString("hex")}`)
      .toString(32)
      .padStart(20, "0")
      .slice(-18)}`;
  return /^[0-9a-f-]{36}$/.test(text) ? randomUUID() : `${text}${randomBytes(6).toString("hex")}`;
}
