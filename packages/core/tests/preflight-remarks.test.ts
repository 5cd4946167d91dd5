import { createServer, type Server } from "node:http";
import { Secrets } from "@obelisk/core/kernel/secrets";
import { createDeployment, pageDeployments, preflight, registerNetwork } from "@obelisk/core/modules/provisioning";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { createTenant, type TestTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../src/kernel/ids.ts";
import { runPreflight } from "../src/modules/provisioning/preflight.ts";

const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
let host: TestPlatform;
let chain: LocalChain;
let tenant: TestTenant;
let notANode: Server;

beforeAll(async () => {
  host = await openTestPlatform();
  chain = await startLocalChain();
  await chain.client.setCode({ address, bytecode: "0x00" });
  await host.owner.query(
    `insert into workers (id, host, pid, version, driver, templates, capacity, heartbeat_at)
     values ('wrk_1', 'here', 1, '0', 'process', '{evm-events}', 1000, now() + interval '1 hour')`,
  );
  tenant = await createTenant(host);
  notANode = createServer((_request, response) => response.end('{"hello":1}'));
  await new Promise<void>((listening) => notANode.listen(0, "127.0.0.1", listening));
});

afterAll(async () => {
  notANode?.close();
  await host?.close();
  await chain?.stop();
});

const input = (rpcUrl: string, startBlock: number) => ({
  name: "x",
  rpcUrl,
  contracts: [{ address, startBlock, abi: [{ type: "event" as const, name: "Moved", inputs: [] }] }],
});

it("a start block ahead of the chain passes with a remark, and one that the chain has reached without", async () => {
  const remark = async (startBlock: number) => {
    const checks = await preflight(tenant.asOwner(), "indexer", input(chain.rpcUrl, startBlock));
    return checks.find(({ name }) => name === "contracts");
  };
  expect(await remark(0)).toEqual({ name: "contracts", status: "pass", detail: "The contract has code.", remedy: null });
  expect(await remark(5_000_000)).toMatchObject({ status: "pass", remedy: expect.stringContaining("5000000 is ahead of the chain") });
});

it("a contract without code is refused when a deployment is made, and a remark once it is there: it may have destroyed itself since", async () => {
  const subject = { template: "evm-events", rpcUrl: chain.rpcUrl, contracts: [{ address: `0x${"ab".repeat(20)}`, startBlock: 0 }] };
  const contracts = async (existing?: { deploymentId: string; chainId: number }) =>
    (await runPreflight(tenant.asOwner(), { ...subject, ...(existing ? { existing } : {}) })).checks.find(
      ({ name }) => name === "contracts",
    );
  expect(await contracts()).toMatchObject({ status: "fail", remedy: expect.stringContaining("deploy the contract first") });
  const existing = { deploymentId: newId("deployment"), chainId: chain.chainId };
  expect(await contracts(existing)).toMatchObject({ status: "pass", remedy: expect.stringContaining("What was stored of it stays") });
});

it("what answers but is no node is told with one advice, not two", async () => {
  const { port } = notANode.address() as { port: number };
  const rpcUrl = `http://127.0.0.1:${port}`;
  const checks = await preflight(tenant.asOwner(), "indexer", input(rpcUrl, 0));
  expect(checks.find(({ name }) => name === "rpc")).toMatchObject({
    status: "fail",
    detail: `${rpcUrl} answers, but not in JSON-RPC.`,
    remedy: "Check the RPC URL.",
  });
});

it("a network whose URLs can't be opened here is a failed check with its remedy, for a preflight as for a create", async () => {
  const { platform } = host;
  const { secrets } = platform;
  Object.assign(platform, { secrets: new Secrets(["f".repeat(40)]) });
  await registerNetwork(platform, { slug: "sealed", name: "Sealed", family: "evm", chainId: 31_337, rpcUrls: [chain.rpcUrl] });
  Object.assign(platform, { secrets });
  const { rpcUrl: _, ...rest } = input(chain.rpcUrl, 0);
  const checks = await preflight(tenant.asOwner(), "indexer", { ...rest, network: "sealed" });
  expect(checks).toContainEqual({
    name: "rpc",
    status: "fail",
    detail: "The stored URLs of the network sealed can't be opened.",
    remedy: expect.stringContaining("ENCRYPTION_KEY"),
  });
  await expect(createDeployment(tenant.asOwner(), "indexer", { ...rest, network: "sealed" })).rejects.toMatchObject({
    code: "provisioning_unavailable",
  });
});

it("a deployment is found by the beginning of its id, but not by the prefix that every id has", async () => {
  const { id } = await createDeployment(tenant.asOwner(), "indexer", input(chain.rpcUrl, 0));
  const found = async (search: string) =>
    (await pageDeployments(tenant.asOwner(), { kind: "indexer", search })).items.map((deployment) => deployment.id);
  expect([await found(id), await found(id.slice(0, 12)), await found("dep_"), await found(id.slice(-6))]).toEqual([[id], [id], [], []]);
});
