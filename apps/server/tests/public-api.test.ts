import { setTimeout as sleep } from "node:timers/promises";
import { type LocalChain, startLocalChain } from "@obelisk/testing/local-chain";
import type { TestKey } from "@obelisk/testing/tenant";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTenant, insertDeployment, pretendWorker, type Serving, serve, type TestTenant } from "./serving.ts";

const root = "/api/public/v1";
const list = `${root}/deployments/indexer`;
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

const body = (name = "transfers") => ({
  name,
  rpcUrl: chain.rpcUrl,
  contracts: [{ address, abi: [{ type: "event", name: "Moved", inputs: [{ name: "to", type: "address", indexed: true }] }] }],
});

const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

describe("every answer", () => {
  test("carries version, request id and what is left of the window, also when it refuses", async () => {
    for (const init of [{ token: key.token }, {}, { token: "obk_nonsense" }]) {
      const answer = await serving.ask(list, { ...init, headers: { "x-request-id": "mine-1" } });
      expect(answer.headers.get("x-public-api-version")).toBe("1");
      expect(answer.headers.get("x-request-id")).toBe("mine-1");
      for (const name of ["limit", "remaining", "reset"]) expect(answer.headers.get(`x-ratelimit-${name}`)).toMatch(/^\d+$/);
      expect(new Date(answer.headers.get("x-ratelimit-reset-at") ?? "").getTime()).toBeGreaterThan(Date.now() - 1_000);
      await answer.body?.cancel();
    }
  });

  test("has a request id of ours where the caller's is missing, too long or not visible ASCII", async () => {
    for (const id of [undefined, "x".repeat(129), "with space"]) {
      const answer = await serving.ask(list, { token: key.token, headers: id === undefined ? {} : { "x-request-id": id } });
      expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-hjkmnp-tv-z]{20}$/);
    }
  });
});

describe("the key", () => {
  test("works as bearer token and as x-api-key, and both only when they agree", async () => {
    expect((await serving.ask(list, { token: key.token })).status).toBe(200);
    expect((await serving.ask(list, { headers: { "x-api-key": key.token } })).status).toBe(200);
    expect((await serving.ask(list, { token: key.token, headers: { "x-api-key": key.token } })).status).toBe(200);
    const other = await tenant.asKey();
    const answer = await serving.ask(list, { token: key.token, headers: { "x-api-key": other.token } });
    expect(await codeOf(answer)).toBe("invalid_api_key");
  });

  test("is refused as unknown, expired or revoked, each with its own code", async () => {
    const expired = await tenant.asKey();
    const revoked = await tenant.asKey();
    await serving.test.owner.query("update api_keys set expires_at = now() where id = $1", [expired.id]);
    await serving.test.owner.query("update api_keys set revoked_at = now() where id = $1", [revoked.id]);
    const codes = [];
    for (const token of [undefined, "obk_x", `${key.token.slice(0, -1)}_`, expired.token, revoked.token]) {
      const answer = await serving.ask(list, token === undefined ? {} : { token });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
      codes.push(await codeOf(answer));
    }
    expect(codes).toEqual(["invalid_api_key", "invalid_api_key", "invalid_api_key", "expired_api_key", "revoked_api_key"]);
  });

  test("without the scope is refused by name", async () => {
    const reader = await tenant.asKey(["deployments:read"]);
    const writer = await tenant.asKey(["deployments:write"]);
    expect(await codeOf(await serving.ask(list, { token: writer.token }))).toBe("missing_scope");
    expect(await codeOf(await serving.ask(list, { token: reader.token, body: body() }))).toBe("missing_scope");
  });
});

describe("deployments", () => {
  test("are created, listed, read, followed, operated and removed", async () => {
    const post = (path: string, sent?: unknown) => serving.ask(`${list}${path}`, { token: key.token, method: "POST", body: sent });
    const created = await post("", body());
    expect(created.status).toBe(201);
    const { id, currentTask } = ((await created.json()) as { data: { id: string; currentTask: { id: string } } }).data;
    for (const path of ["?limit=1&status=queued", `/${id}`, `/${id}/logs?limit=5`, `/${id}/tasks`])
      expect((await serving.ask(`${list}${path}`, { token: key.token })).status, path).toBe(200);
    expect((await post(`/${id}/suspend`)).status).toBe(409);
    expect(await (await post(`/${id}/tasks/${currentTask.id}/cancel`)).json()).toMatchObject({ data: { status: "cancelled" } });
    expect((await post(`/${id}/tasks/${currentTask.id}/rerun`, {})).status).toBe(200);
    for (const [action, standing] of [
      ["suspend", "running"],
      ["resume", "suspended"],
      ["redeploy", "running"],
    ] as const) {
      const made = await insertDeployment(serving.test, tenant, { status: standing, rpcUrl: chain.rpcUrl });
      await serving.test.owner.query("update deployments set desired_state = $2 where id = $1", [made.id, standing]);
      expect((await post(`/${made.id}/${action}`)).status, action).toBe(200);
    }
    const made = await insertDeployment(serving.test, tenant);
    const removed = await serving.ask(`${list}/${made.id}`, { token: key.token, method: "DELETE" });
    expect(await removed.json()).toMatchObject({ data: { desiredState: "deprovisioned" } });
  });

  test("pages by limit and offset with the total beside them", async () => {
    const other = await createTenant(serving.test);
    const { token } = await other.asKey();
    for (let index = 0; index < 3; index += 1) await insertDeployment(serving.test, other);
    const answer = await serving.ask(`${list}?limit=2&offset=1`, { token });
    expect(await answer.json()).toMatchObject({ data: [{}, {}], pagination: { limit: 2, offset: 1, total: 3 } });
    for (const query of ["limit=0", "limit=101", "limit=x", "offset=-1", "status=happy"]) {
      expect(await (await serving.ask(`${list}?${query}`, { token })).json()).toMatchObject({
        code: "invalid_request",
        errors: [{ path: query.split("=")[0] }],
      });
    }
  });

  test("a failed preflight answers 503 and names the check and its remedy", async () => {
    const answer = await serving.ask(list, { token: key.token, body: { ...body(), rpcUrl: "http://127.0.0.1:9/" } });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "provisioning_unavailable", errors: [{ path: "rpc" }] });
  });

  test("whatever would start a program is refused by the preflight too, and leaves the deployment as it stood", async () => {
    const owner = await createTenant(serving.test);
    const { token } = await owner.asKey();
    const { owner: database } = serving.test;
    const standing = async (id: string) =>
      (
        await database.query(
          `select status, desired_state, failure, (select count(*)::int from tasks where deployment_id = $1) as tasks,
             (select count(*)::int from audit_entries where target_id = $1) as entries from deployments where id = $1`,
          [id],
        )
      ).rows;
    await database.query("update templates set enabled = false where id = 'evm-events'");
    // A good answer of the fleet is remembered for a second.
    await sleep(1_100);
    try {
      for (const [action, status] of [
        ["resume", "suspended"],
        ["redeploy", "running"],
        ["redeploy", "failed"],
        ["rerun", "failed"],
      ] as const) {
        const { id, taskId } = await insertDeployment(serving.test, owner, { status, rpcUrl: chain.rpcUrl });
        await database.query("update deployments set desired_state = 'suspended' where id = $1 and status = 'suspended'", [id]);
        await database.query("update tasks set status = 'failed' where id = $1", [taskId]);
        const before = await standing(id);
        const answer = await serving.ask(`${list}/${id}${action === "rerun" ? `/tasks/${taskId}` : ""}/${action}`, {
          token,
          method: "POST",
        });
        expect(answer.status, `${action} of one that is ${status}`).toBe(503);
        expect(await answer.json()).toMatchObject({
          code: "provisioning_unavailable",
          errors: [{ path: "template", message: expect.stringContaining("ask the operator to switch it on") }],
        });
        expect(await standing(id)).toEqual(before);
      }
      const stops = await insertDeployment(serving.test, owner);
      expect((await serving.ask(`${list}/${stops.id}/suspend`, { token, method: "POST" })).status).toBe(200);
      const busy = await serving.ask(`${list}/${stops.id}/resume`, { token, method: "POST" });
      expect(busy.status, "what can't be asked for is told before what couldn't be done").toBe(409);
    } finally {
      await database.query("update templates set enabled = true where id = 'evm-events'");
    }
  });
});

test("a fault of ours answers 500 and says nothing of itself", async () => {
  await serving.test.owner.query("alter table deployments rename to deployments_away");
  try {
    const answer = await serving.ask(list, { token: key.token });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text)]).toMatchObject([500, { code: "internal_error" }]);
    expect(text).not.toContain("relation");
  } finally {
    await serving.test.owner.query("alter table deployments_away rename to deployments");
  }
});

describe("what isn't there", () => {
  test("an unknown address answers 404 as problem document", async () => {
    const answer = await serving.ask(`${root}/deployments/spaceship`, { token: key.token });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  });

  test("a wrong method answers 405 and says which are right", async () => {
    const answer = await serving.ask(list, { token: key.token, method: "PUT" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, POST, HEAD, OPTIONS"]);
    expect((await serving.ask(list, { method: "OPTIONS" })).headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    expect((await serving.ask(list, { token: key.token, method: "HEAD" })).status).toBe(200);
  });

  test("an id of another form, of nothing and of another organization answer alike", async () => {
    const foreign = await insertDeployment(serving.test, await createTenant(serving.test));
    const details = [];
    for (const id of ["nonsense", "dep_99999999999999999999999999", foreign.id]) {
      const answer = await serving.ask(`${list}/${id}`, { token: key.token });
      expect(answer.status).toBe(404);
      const { requestId: _, ...rest } = (await answer.json()) as { requestId: string };
      details.push(rest);
    }
    expect(details[1]).toEqual(details[0]);
    expect(details[2]).toEqual(details[0]);
  });
});

test("logs and tasks of a missing deployment, and of one of another kind, are not found", async () => {
  const owner = await createTenant(serving.test);
  const { token } = await owner.asKey();
  const { id } = await insertDeployment(serving.test, owner);
  const statuses = async (of: string) => {
    const answers = ["logs", "tasks"].map((part) => serving.ask(`${list}/${of}/${part}`, { token }));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  expect(await statuses(id)).toEqual([200, 200]);
  expect(await statuses("dep_missing")).toEqual([404, 404]);
  await serving.test.owner.query("update deployments set kind = 'another' where id = $1", [id]);
  expect(await statuses(id)).toEqual([404, 404]);
});
