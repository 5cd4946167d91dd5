import { setTimeout as sleep } from "node:timers/promises";
import { createTestDatabase, type TestDatabase } from "@obelisk/testing/test-database";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { defineJob, type Job, migrateQueue, Queue } from "../src/index.ts";

const jobOf = (name: string) =>
  defineJob({
    name,
    payload: z.object({ number: z.number().int() }),
    retryLimit: 1,
    retryDelaySeconds: 0,
    heartbeatSeconds: 10,
    expireInSeconds: 60,
    oneAtATimePerKey: true,
  });
const backlog = jobOf("test.backlog");
const keyed = jobOf("test.keyed");
const left = jobOf("test.left");

let database: TestDatabase;
let producer: Queue;
let consumer: Queue;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateQueue(database.databaseUrl, [backlog, keyed, left] as unknown as Job<never>[]);
  const options = { connectionString: database.databaseUrl, connections: 4, onError: () => undefined };
  producer = await Queue.producer({ ...options, applicationName: "test producer" });
  consumer = await Queue.consumer({ ...options, applicationName: "test consumer" });
});
afterAll(async () => {
  await consumer?.stop(5_000);
  await producer?.stop(1_000);
  await database?.drop();
});

test("a backlog is worked job after job: no hand waits for its next look while one is left", async () => {
  const jobs = 100;
  for (let number = 0; number < jobs; number += 1) await producer.enqueueNow(backlog, { number }, { key: `key ${number}` });
  const done = new Set<number>();
  const began = Date.now();
  await consumer.work(backlog, 2, async ({ number }) => {
    done.add(number);
    return undefined;
  });
  await waitFor(() => done.size === jobs, { within: 30_000, what: "all are done" });
  // Two hands that look twice a second would take 25 s.
  expect(Date.now() - began).toBeLessThan(12_000);
});

test("a hand that leaves what it finds looks again at its usual pace, and spins on nothing", async () => {
  for (let number = 0; number < 40; number += 1) await producer.enqueueNow(left, { number });
  let offered = 0;
  await consumer.work(left, 1, async () => {
    offered += 1;
    return "left";
  });
  await sleep(2_000);
  expect(offered).toBeGreaterThan(1);
  expect(offered).toBeLessThan(10);
});

test("of one key one job runs at a time, in order, however many hands there are", async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  await consumer.work(keyed, 4, async ({ number }) => {
    running += 1;
    most = Math.max(most, running);
    begun.push(number);
    await sleep(20);
    running -= 1;
    return undefined;
  });
  for (let number = 0; number < 10; number += 1) await producer.enqueueNow(keyed, { number }, { key: "one" });
  await waitFor(() => begun.length === 10, { within: 20_000, what: "all have begun" });
  expect([most, begun]).toEqual([1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
});
