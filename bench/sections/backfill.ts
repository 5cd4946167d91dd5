import type { FetchOptions } from "../fetch-logs.ts";
import { createRuntimeSchema, startIndexer } from "../indexer.ts";
import { peakMemory, proportionalMemory, runNode } from "../processes.ts";
import { against, aim, type Section } from "../report.ts";
import { type Emitter, type Stage, sql } from "../stage.ts";

/** Blocks the fetch-only loop asks for at once: 10,000 logs, where hosted nodes draw the line. */
const span = 50;

/** Backfill of a contract's events against a loop that only fetches them, memory, and the way back after a kill. */
export async function backfillSection(stage: Stage, emitter: Emitter): Promise<Section> {
  const { rpcUrl } = stage.chain;
  const fetchOptions: FetchOptions = { rpcUrl, address: emitter.address, from: emitter.firstBlock, to: emitter.lastBlock, span };
  const fetched = await runNode<{ events: number; milliseconds: number }>("bench/fetch-logs.ts", fetchOptions, 120_000);
  if (fetched.events !== emitter.events) throw new Error(`the chain gave ${fetched.events} of ${emitter.events} events`);
  const limit = (fetched.events / fetched.milliseconds) * 1_000;

  await sql(stage.url("postgres"), "create database bench_backfill");
  const schema = await createRuntimeSchema(stage.url("bench_backfill"));
  const first = startIndexer(schema, rpcUrl, emitter, 1);
  const took = await first.synced(emitter.lastBlock, 180_000);
  const peak = peakMemory(first.pid);
  const [stored] = await sql<{ count: number }>(
    stage.url("bench_backfill"),
    `select count(*)::int as count from ${schema.schema}.transfer`,
  );
  if (stored?.count !== emitter.events) throw new Error(`the indexer stored ${stored?.count} of ${emitter.events} events`);
  const rate = (emitter.events / took) * 1_000;

  first.child.kill("SIGKILL");
  const second = startIndexer(schema, rpcUrl, emitter, 2);
  const back = await second.ready(20_000);
  await second.synced(emitter.lastBlock, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const idle = proportionalMemory(second.pid);
  await second.stop();

  return {
    name: `Indexer: ${emitter.events.toLocaleString("en")} events`,
    measures: [
      { name: "fetch-only loop", value: limit, unit: "events/s" },
      {
        name: "backfill, start of the program included",
        value: rate,
        unit: "events/s",
        limit: against("fetch-only", limit, rate),
        aim: aim("at least 60 % of fetch-only", rate >= 0.6 * limit),
      },
      { name: "peak memory of the backfill", value: peak, unit: "MiB", aim: aim("below 200 MB", peak * 1.048_576 < 200) },
      { name: "ready again after kill -9", value: back, unit: "ms", aim: aim("below 1 s", back < 1_000) },
      { name: "idle memory afterwards (PSS)", value: idle, unit: "MiB" },
    ],
  };
}
