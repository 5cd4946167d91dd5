import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchDocument, RunningIndexer, type RuntimeDatabase, startRuntimeDatabase } from "./fixture.ts";

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

test("many introspections at once, none like the other, are answered two at a time and leave the program as it was", async () => {
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, at) => {
        const response = await ask(`${getIntrospectionQuery()} # ${round} ${at}`);
        const bytes = (await response.arrayBuffer()).byteLength;
        return { status: response.status, retryAfter: response.headers.get("retry-after"), bytes };
      }),
    );
    for (const { status, retryAfter } of answers) expect([status, retryAfter]).toEqual(status === 200 ? [200, null] : [429, "1"]);
    const answered = answers.filter(({ status }) => status === 200);
    expect(answered.length).toBeGreaterThanOrEqual(2);
    for (const { bytes } of answered) expect(bytes).toBeGreaterThan(5_000_000);
    expect((await indexer.get("/health")).status).toBe(200);
  }
  expect(indexer.child.exitCode).toBeNull();
});

test("the same introspection asked by many at once is answered to each, once it was answered", async () => {
  const first = await (await ask(getIntrospectionQuery())).text();
  const answers = await Promise.all(Array.from({ length: 16 }, async () => (await ask(getIntrospectionQuery())).text()));
  expect(answers.every((text) => text === first)).toBe(true);
  expect((await indexer.get("/health")).status).toBe(200);
});
