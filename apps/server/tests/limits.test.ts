import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, createTenant, pretendWorker, type Serving, serve, type TestTenant } from "./serving.ts";

const list = "/api/public/v1/deployments/indexer";
const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

let serving: Serving;
let chain: LocalChain;
let tenant: TestTenant;

beforeAll(async () => {
  const limits = { deployments: 1, apiKeys: 2, organizations: 1, storageBytes: 1024 ** 4 };
  [serving, chain] = await Promise.all([serve({ settings: { limits } }), startLocalChain()]);
  await chain.client.setCode({ address, bytecode: "0x00" });
  await pretendWorker(serving.test);
  tenant = await createTenant(serving.test);
});

afterAll(async () => {
  await serving?.close();
  await chain?.stop();
});

const body = () => ({ name: "x", rpcUrl: chain.rpcUrl, contracts: [{ address, abi: [{ type: "event", name: "Moved", inputs: [] }] }] });

test("a create at the limit answers 402, and the same request goes through once there is room", async () => {
  const { token } = await tenant.asKey();
  const create = (idempotencyKey: string) => serving.ask(list, { token, headers: { "idempotency-key": idempotencyKey }, body: body() });
  const first = (await (await create("first")).json()) as { data: { id: string } };
  const refused = await create("second");
  expect([refused.status, await refused.json()]).toMatchObject([
    402,
    { code: "plan_limit_reached", detail: expect.stringContaining("its limit is 1. Deprovision one") },
  ]);
  await serving.test.owner.query("update deployments set status = 'deprovisioned' where id = $1", [first.data.id]);
  expect((await create("second")).status).toBe(201);
});

test("the dashboard is refused with the same code and shown it among the checks", async () => {
  const { owner } = tenant.users;
  const created = await call(serving, owner, tenant.id, "deployments.create", body(), "mutation");
  expect([created.status, created.error?.code]).toEqual([402, "plan_limit_reached"]);
  const { data } = await call(serving, owner, tenant.id, "deployments.preflight", body(), "mutation");
  expect(data).toMatchObject([{ name: "plan", status: "fail" }, {}, {}, {}, {}, {}, {}]);
  const key = () => call(serving, owner, tenant.id, "apiKeys.create", { name: "k", scopes: ["deployments:read"] }, "mutation");
  expect([(await key()).status, (await key()).error?.code]).toEqual([200, "plan_limit_reached"]);
  const found = (slug: string) => call(serving, tenant.users.member, null, "organizations.create", { name: "Own", slug }, "mutation");
  expect([(await found("own-1")).status, (await found("own-2")).error?.code]).toEqual([200, "plan_limit_reached"]);
});
