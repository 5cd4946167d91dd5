import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { waitFor } from "@obelisk/testing/wait-for";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";
import { askAndNotRead, type UnreadAnswer } from "./slow-readers.ts";

let database: RuntimeDatabase;
let chain: LocalChain;
let indexer: RunningIndexer;

/** 250 events of 64 parameters each. The first one is called like a relation of PostgreSQL's catalogue. */
const abi = Array.from({ length: 250 }, (_, event) => ({
  type: "event",
  name: event === 0 ? "pg_class" : `Event${event}`,
  inputs: Array.from({ length: 64 }, (_, at) => ({ name: `parameter${at}`, type: "uint256" })),
}));

beforeAll(async () => {
  [database, chain] = await Promise.all([startRuntimeDatabase(), startLocalChain({})]);
  const contracts = [{ address: `0x${"1".repeat(40)}`, abi }];
  indexer = new RunningIndexer(launchDocument({ database: await database.schema(), rpcUrls: [chain.rpcUrl], contracts }));
  await indexer.ready();
});
afterAll(async () => {
  await indexer?.stop("SIGKILL");
  await Promise.all([chain?.stop(), database?.stop()]);
});

const ask = (query: string) =>
  indexer.get("/graphql", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });

test("an event called pg_class has a table that is asked by its name", async () => {
  const answer = await indexer.graphql("{ event_pg_class { rows { block_number } } }");
  expect(answer).toMatchObject({ status: 200, data: { event_pg_class: { rows: [] } } });
});

test("introspections that many ask at once and don't read, none like the other, hold no more than the budget", async () => {
  const unread = await Promise.all(
    Array.from({ length: 24 }, (_, at) =>
      askAndNotRead(indexer, `/graphql?query=${encodeURIComponent(`${getIntrospectionQuery()} # ${at}`)}`),
    ),
  );
  const more: UnreadAnswer[] = [];
  // One after the other as well: each answer that is made leaves room for the next one until they fill it.
  for (let at = 0; at < 16; at++) {
    more.push(await askAndNotRead(indexer, `/graphql?query=${encodeURIComponent(`${getIntrospectionQuery()} ## ${at}`)}`));
  }
  const held = [...unread, ...more].filter(({ status }) => status === 200);
  expect(held.length).toBeGreaterThanOrEqual(2);
  for (const { bytes } of held) expect(bytes).toBeGreaterThan(5_000_000);
  expect(held.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(64 * 1024 * 1024);
  for (const { status, retryAfter } of [...unread, ...more])
    expect([status, retryAfter]).toEqual(status === 200 ? [200, null] : [429, "1"]);
  expect(more.at(-1)?.status).toBe(429);
  const answer = await indexer.graphql("{ event_pg_class { rows { block_number } } }");
  expect([answer.status, (await indexer.get("/health")).status]).toEqual([200, 200]);
  for (const one of [...unread, ...more]) one.leave();
  await waitFor(async () => (await ask(`${getIntrospectionQuery()} ###`)).status === 200, { what: "introspections again" });
  expect(indexer.child.exitCode).toBeNull();
});

test("the same introspection asked by many at once is answered to each, once it was answered", async () => {
  const first = await (await ask(getIntrospectionQuery())).text();
  const answers = await Promise.all(Array.from({ length: 16 }, async () => (await ask(getIntrospectionQuery())).text()));
  expect(answers.every((text) => text === first)).toBe(true);
  expect((await indexer.get("/health")).status).toBe(200);
});
