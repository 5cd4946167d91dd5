import { setTimeout as sleep } from "node:timers/promises";
import { type Job, migrateQueue, Queue } from "@obelisk/queue";
import { waitFor } from "@obelisk/testing/wait-for";
import { startNode } from "../processes.ts";
import { benchJob } from "../queue-job.ts";
import { aim, percentile, type Section } from "../report.ts";
import { type Stage, sql } from "../stage.ts";

const probes = 300;
const jobs = 3_000;
/** Handlers at a time in the one consumer. */
const concurrency = 8;

/** From the commit of an enqueue to the start of its handler in another process, and how many jobs pass in a second. */
export async function queueSection(stage: Stage): Promise<Section> {
  await sql(stage.url("postgres"), "create database bench_queue");
  const connectionString = stage.url("bench_queue");
  await migrateQueue(connectionString, [benchJob as unknown as Job<never>]);
  const queue = await Queue.producer({
    connectionString,
    applicationName: "bench producer",
    connections: 8,
    onError: (error) => console.error(error),
  });
  const consumer = startNode("bench/queue-consumer.ts", { args: [JSON.stringify({ connectionString, concurrency })] });
  const begun = new Map<number, number>();
  consumer.child.stdout?.on("data", (chunk: Buffer) => {
    for (const [, number, at] of chunk.toString().matchAll(/began (\d+) ([\d.]+)/g)) begun.set(Number(number), Number(at));
  });
  try {
    await consumer.line(/^working/, 20_000);
    await sleep(1_000);
    const latencies: number[] = [];
    for (let number = 0; number < probes; number += 1) {
      await queue.enqueueNow(benchJob, { number }, { key: `k${number}` });
      const committed = performance.timeOrigin + performance.now();
      const at = await waitFor(() => begun.get(number), { every: 1, what: `job ${number} begins` });
      // The handler may begin before the enqueue's answer has come back.
      latencies.push(Math.max(0, at - committed));
      await sleep(10);
    }
    latencies.sort((a, b) => a - b);
    const start = performance.now();
    const producers = Array.from({ length: 8 }, async (_, producer) => {
      for (let number = producer; number < jobs; number += 8)
        await queue.enqueueNow(benchJob, { number: probes + number }, { key: `j${number}` });
    });
    await Promise.all(producers);
    await waitFor(() => begun.size >= probes + jobs, { within: 60_000, every: 5, what: "every job has begun" });
    const rate = (jobs / (performance.now() - start)) * 1_000;
    const p99 = percentile(latencies, 0.99);
    return {
      name: "Queue",
      measures: [
        { name: "enqueue to start, p50", value: percentile(latencies, 0.5), unit: "ms" },
        { name: "enqueue to start, p99", value: p99, unit: "ms", aim: aim("below 50 ms", p99 < 50) },
        { name: `enqueued and begun, ${concurrency} handlers`, value: rate, unit: "jobs/s" },
      ],
    };
  } finally {
    await consumer.stop();
    await queue.stop(2_000);
  }
}
