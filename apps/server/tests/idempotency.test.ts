import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import type { TestKey } from "@obelisk/testing/tenant";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask as askDescribed } from "./described-answers.ts";
import { HoldingProxy } from "./holding-proxy.ts";
import { startServerProcess } from "./server-process.ts";
import { createTenant, pretendWorker, type Serving, serve, type TestTenant } from "./serving.ts";
import { insertSlowly, underWay } from "./slow-inserts.ts";

const list = "/api/public/v1/deployments/indexer";
const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

let serving: Serving;
let chain: LocalChain;
let tenant: TestTenant;
let key: TestKey;

beforeAll(async () => {
  [serving, chain] = await Promise.all([serve(), startLocalChain()]);
  await chain.client.setCode({ address, bytecode: "0x00" });
  await pretendWorker(serving.test);
  tenant = await createTenant(serving.test);
  key = await tenant.asKey();
});

afterAll(async () => {
  await serving?.close();
  await chain?.stop();
});

const body = (name: string) => ({
  name,
  rpcUrl: chain.rpcUrl,
  contracts: [{ address, abi: [{ type: "event", name: "Moved", inputs: [] }] }],
});
const create = (name: string, headers: Record<string, string>, of = body(name)) =>
  serving.ask(list, { token: key.token, headers, body: of });
const named = async (name: string) => {
  const { rows } = await serving.test.owner.query<{ id: string }>("select id from deployments where name = $1", [name]);
  return rows.map(({ id }) => id);
};

test("50 parallel duplicates make one deployment, and every one of them ends with its id", async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (;;) {
        const answer = await create("fifty", { "idempotency-key": "fifty" });
        const given = (await answer.json()) as { data?: { id: string }; code?: string };
        if (answer.status === 201) return { id: given.data?.id, replayed: answer.headers.get("idempotency-replayed") };
        expect([answer.status, given.code, answer.headers.has("retry-after")]).toEqual([409, "idempotency_in_progress", true]);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }),
  );
  const ids = await named("fifty");
  expect(ids).toHaveLength(1);
  expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(ids));
  expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1);
  const { rows } = await serving.test.owner.query("select 1 from tasks where deployment_id = $1", ids);
  expect(rows).toHaveLength(1);
});

test("a repetition gets the first answer to the letter, also with its keys in another order", async () => {
  const first = await create("again", { "idempotency-key": "again" });
  const { name, rpcUrl, contracts } = body("again");
  const second = await serving.ask(list, { token: key.token, headers: { "idempotency-key": "again" }, body: { contracts, rpcUrl, name } });
  expect([second.status, second.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(await second.text()).toBe(await first.text());
  expect(await named("again")).toHaveLength(1);
});

test("the request id stands in for a missing idempotency key; without either every request is its own", async () => {
  for (let time = 0; time < 2; time += 1) expect((await create("by-request", { "x-request-id": "by-request" })).status).toBe(201);
  for (let time = 0; time < 2; time += 1) expect((await create("by-nothing", {})).status).toBe(201);
  expect([(await named("by-request")).length, (await named("by-nothing")).length]).toEqual([1, 2]);
});

test("another body under the same key is refused and changes nothing", async () => {
  await create("reused", { "idempotency-key": "reused" });
  const answer = await create("other", { "idempotency-key": "reused" });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "idempotency_key_reused"]);
  expect(await named("other")).toEqual([]);
});

test("the scope is key, route and idempotency key: another API key starts anew", async () => {
  const other = await tenant.asKey();
  await create("scoped", { "idempotency-key": "scoped" });
  expect((await serving.ask(list, { token: other.token, headers: { "idempotency-key": "scoped" }, body: body("scoped") })).status).toBe(
    201,
  );
  expect(await named("scoped")).toHaveLength(2);
});

test("a lasting refusal is kept as the answer; a fault of the surroundings is not", async () => {
  const [id] = await named("again");
  const path = `${list}/${id}/resume`;
  const ask = () => serving.ask(path, { token: key.token, method: "POST", headers: { "idempotency-key": "refused" } });
  const [first, second] = [await ask(), await ask()];
  expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([409, 409, "true"]);
  expect(await second.text()).toBe(await first.text());
  const unreachable = { ...body("later"), rpcUrl: "http://127.0.0.1:9" };
  expect((await create("later", { "idempotency-key": "later" }, unreachable)).status).toBe(503);
  const { rows } = await serving.test.owner.query("select 1 from idempotency_keys where idempotency_key = 'later'");
  expect(rows).toEqual([]);
});

test("what isn't there is not kept: a repetition is told the same without a row", async () => {
  const headers = { "idempotency-key": "missing" };
  const ask = () => serving.ask(`${list}/dep_missing/resume`, { token: key.token, method: "POST", headers });
  for (const answer of [await ask(), await ask()]) expect([answer.status, answer.headers.get("idempotency-replayed")]).toEqual([404, null]);
  const { rows } = await serving.test.owner.query("select 1 from idempotency_keys where idempotency_key = 'missing'");
  expect(rows).toEqual([]);
});

test("an invalid idempotency key is refused by name", async () => {
  const answer = await create("invalid", { "idempotency-key": "x".repeat(256) });
  expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ path: "idempotency-key" }] }]);
});

test("a server killed between the commit and the answer leaves the answer behind", async () => {
  const proxy = await HoldingProxy.start(serving.test.database.databaseUrl);
  const doomed = await startServerProcess(serving.test.database, { databaseUrl: proxy.url, env: { PUBLIC_API_RATE_LIMIT: "100000" } });
  try {
    const asked = askDescribed(doomed.url + list, {
      method: "POST",
      headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json", "idempotency-key": "killed" },
      body: JSON.stringify(body("killed")),
    });
    asked.catch(() => undefined);
    const answeredFirst = asked.then(async (answer) => Promise.reject(new Error(`answered before the kill: ${await answer.text()}`)));
    await Promise.race([proxy.held, answeredFirst]);
    expect(await named("killed")).toHaveLength(1);
    await doomed.stop("SIGKILL");
    await expect(asked).rejects.toThrow();
  } finally {
    doomed.child.kill("SIGKILL");
    proxy.close();
  }
  const again = await create("killed", { "idempotency-key": "killed" });
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(await named("killed")).toEqual([((await again.json()) as { data: { id: string } }).data.id]);
});

test("while the first is under way its repetition is told to come again, and another body is refused", async () => {
  await insertSlowly(serving.test);
  const first = create("slow", { "idempotency-key": "slow" });
  await underWay(serving.test);
  const again = await create("slow", { "idempotency-key": "slow" });
  expect([again.status, again.headers.get("retry-after"), await codeOf(again)]).toEqual([409, "1", "idempotency_in_progress"]);
  const other = await create("slow other", { "idempotency-key": "slow" });
  expect([other.status, await codeOf(other)]).toEqual([422, "idempotency_key_reused"]);
  expect((await first).status).toBe(201);
  expect([await named("slow"), await named("slow other")]).toMatchObject([{ length: 1 }, { length: 0 }]);
});

test("of two servers that work on one request one commits, and the other gives its answer", async () => {
  await insertSlowly(serving.test);
  const second = await startServerProcess(serving.test.database, { env: { PUBLIC_API_RATE_LIMIT: "100000" } });
  try {
    const headers = { "idempotency-key": "slow-twice" };
    const first = create("slow twice", headers);
    await underWay(serving.test);
    const ask = (name: string) =>
      askDescribed(second.url + list, {
        method: "POST",
        headers: { authorization: `Bearer ${key.token}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body(name)),
      });
    const [answer, late] = await Promise.all([first, ask("slow twice")]);
    expect([answer.status, late.status, late.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    expect(await late.text()).toBe(await answer.text());
    const reused = await ask("slow other");
    expect([reused.status, await codeOf(reused)]).toEqual([422, "idempotency_key_reused"]);
    expect([await named("slow twice"), await named("slow other")]).toMatchObject([{ length: 1 }, { length: 0 }]);
  } finally {
    await second.stop();
  }
});

test("an answer that has expired stands for nothing, also before the sweep", async () => {
  await create("expired", { "idempotency-key": "expired" });
  await serving.test.owner.query("update idempotency_keys set expires_at = now() where idempotency_key = 'expired'");
  expect((await create("anew", { "idempotency-key": "expired" })).status).toBe(201);
  expect([await named("expired"), await named("anew")]).toMatchObject([{ length: 1 }, { length: 1 }]);
});

const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
