import { connect } from "node:net";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, describedBy } from "./described-answers.ts";
import { startServerProcess } from "./server-process.ts";
import { createTenant, pretendWorker } from "./serving.ts";
import { insertSlowly, underWay } from "./slow-inserts.ts";

const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

let platform: TestPlatform;
let chain: LocalChain;

beforeAll(async () => {
  [platform, chain] = await Promise.all([openTestPlatform(), startLocalChain()]);
  await chain.client.setCode({ address, bytecode: "0x00" });
  await pretendWorker(platform);
});

afterAll(async () => {
  await platform?.close();
  await chain?.stop();
});

/** How an attempt to connect ends: `open`, or the error's code. */
function connecting(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => resolve("open")).once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("close", () => socket.destroy());
    socket.end();
  });
}

test("on SIGTERM a request under way gets its answer, new connections are refused meanwhile, and the server ends with status 0", async () => {
  await insertSlowly(platform, 4);
  const { token } = await (await createTenant(platform)).asKey();
  const server = await startServerProcess(platform.database);
  // Read before: afterwards nobody is let in.
  await describedBy(server.url);
  let answered = false;
  const asked = ask(`${server.url}/api/public/v1/deployments/indexer`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      name: "slow",
      rpcUrl: chain.rpcUrl,
      contracts: [{ address, abi: [{ type: "event", name: "Moved", inputs: [] }] }],
    }),
  }).finally(() => {
    answered = true;
  });
  await underWay(platform);
  expect(await connecting(server.url)).toBe("open");
  const ended = server.stop();
  await waitFor(async () => (await connecting(server.url)) === "ECONNREFUSED", { within: 3_000, what: "new connections are refused" });
  expect(answered).toBe(false);
  const answer = await asked;
  const { data } = (await answer.json()) as { data: { id: string } };
  expect([answer.status, await ended]).toEqual([201, 0]);
  const { rows } = await platform.owner.query("select id from deployments where name = 'slow'");
  expect(rows).toEqual([{ id: data.id }]);
});
