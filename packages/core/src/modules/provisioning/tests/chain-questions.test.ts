import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChainAdapter } from "@obelisk/chains";
import { waitFor } from "@obelisk/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainAdapter, probeChain } from "../chain-questions.ts";

/** Nodes that hold every question up until they are told to answer; several, since each is sent sixteen at a time. */
const held: ServerResponse[] = [];
const nodes = Array.from({ length: 6 }, () => createServer((_request, response) => void held.push(response)));
const answerAll = () => held.splice(0).map((response) => response.end('[{"id":0,"result":"0x1"},{"id":1,"result":"0x2"}]'));

beforeAll(() => Promise.all(nodes.map((node) => new Promise<void>((listening) => node.listen(0, "127.0.0.1", listening)))));
afterAll(() => {
  for (const node of nodes) {
    node.closeAllConnections();
    node.close();
  }
});

let number = 0;
/** Each time another URL unless told, so that no answer is shared. */
const probe = (owner: string | null, of?: number) => {
  if (of === undefined) number += 1;
  const path = of ?? number;
  const { port } = (nodes[path % nodes.length] as Server).address() as AddressInfo;
  const rpcUrls = [`http://127.0.0.1:${port}/${path}`];
  return probeChain(chainAdapter("evm") as ChainAdapter, { rpcUrls, allowPrivateTargets: true, timeoutMs: 10_000 }, owner);
};
const outcome = (asking: Promise<unknown>) =>
  asking.then(
    () => "answered",
    ({ code }) => code,
  );

test("an organization asks its own nodes sixteen questions at a time, all of them together 64, and the operator's nodes are asked all the same", async () => {
  const first = Array.from({ length: 17 }, () => outcome(probe("org_1")));
  expect(await first[16]).toBe("rate_limited");
  const others = ["org_2", "org_3", "org_4"].flatMap((owner) => Array.from({ length: 16 }, () => outcome(probe(owner))));
  expect(await outcome(probe("org_5"))).toBe("rate_limited");
  const operators = Array.from({ length: 3 }, () => outcome(probe(null)));
  await waitFor(() => held.length === 67, { what: "every admitted question is under way" });
  answerAll();
  expect(await Promise.all([...first.slice(0, 16), ...others, ...operators])).toEqual(Array(67).fill("answered"));

  const again = outcome(probe("org_1"));
  await waitFor(() => held.length === 1, { what: "a place is free again" });
  answerAll();
  expect(await again).toBe("answered");
});

test("that one organization has no turn left is no answer to another that asks the same node", async () => {
  const busy = Array.from({ length: 16 }, () => outcome(probe("org_6")));
  number += 1;
  const shared = number;
  expect(await outcome(probe("org_6", shared))).toBe("rate_limited");
  const other = outcome(probe("org_7", shared));
  await waitFor(() => held.length === 17, { what: "the other's question is under way" });
  answerAll();
  expect(await Promise.all([...busy, other])).toEqual(Array(17).fill("answered"));
});
