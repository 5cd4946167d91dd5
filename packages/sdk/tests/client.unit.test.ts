import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createClient, ObeliskApiError, ObeliskUnreachableError, type Wait } from "../src/index.ts";
import { waitBeforeRetry } from "../src/retry.ts";

interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that gives its answers in turn, the last one again and again. */
async function serve(...answers: ((response: ServerResponse) => void)[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    answers[Math.min(seen.length, answers.length) - 1]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { seen, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers });
    response.end(JSON.stringify(body));
  };

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(
    status,
    { type: `https://obelisk.dev/problems/${code}`, title: "No", status, detail: `because of ${code}`, code, requestId: "req-1" },
    headers,
  );

const body = {
  name: "Pool",
  network: "local",
  contracts: [{ address: `0x${"1".repeat(40)}`, abi: [{ type: "event" as const, name: "E" }] }],
};

describe("the client", () => {
  it("sends the key and a fresh idempotency key with each create", async () => {
    const { baseUrl, seen } = await serve(json(201, { data: { id: "dep_1" } }));
    const client = createClient({ baseUrl: `${baseUrl}/`, token: "obk_secret" });
    expect(await client.deployments.create("indexer", body)).toEqual({ id: "dep_1" });
    await client.deployments.create("indexer", body);
    const [first, second] = seen;
    expect(first?.headers.authorization).toBe("Bearer obk_secret");
    expect(first?.url).toBe("/api/public/v1/deployments/indexer");
    expect(JSON.parse(first?.body ?? "")).toEqual(body);
    expect(first?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.headers["idempotency-key"]).not.toBe(first?.headers["idempotency-key"]);
  });

  it("repeats a write with the same idempotency key when the connection is lost", async () => {
    const { baseUrl, seen } = await serve((response) => response.destroy(), json(201, { data: { id: "dep_1" } }));
    await createClient({ baseUrl, token: "t" }).deployments.create("indexer", body);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.headers["idempotency-key"]).toBe(seen[0]?.headers["idempotency-key"]);
  });

  it("throws the problem of a refusal at once", async () => {
    const { baseUrl, seen } = await serve(problem(403, "missing_scope"));
    const refusal = await createClient({ baseUrl, token: "t" })
      .deployments.get("indexer", "dep_1")
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ObeliskApiError);
    expect(refusal).toMatchObject({ code: "missing_scope", status: 403, requestId: "req-1", message: "because of missing_scope" });
    expect(seen).toHaveLength(1);
  });

  it("waits as retry-after says on 429, having said so, and then goes on", async () => {
    const { baseUrl, seen } = await serve(problem(429, "rate_limited", { "retry-after": "1" }), json(200, { data: [], pagination: {} }));
    const begun = Date.now();
    const waits: Wait[] = [];
    const onWait = (wait: Wait) => waits.push(wait);
    await createClient({ baseUrl, token: "t", onWait }).deployments.list("indexer", { status: "running", limit: 5 });
    expect(waits).toEqual([{ milliseconds: expect.closeTo(1_125, -3), status: 429 }]);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1_000);
    expect(seen.map((call) => call.url)).toEqual(Array(2).fill("/api/public/v1/deployments/indexer?status=running&limit=5"));
  });

  it("gives up after its attempts", async () => {
    const { baseUrl, seen } = await serve(problem(503, "unavailable", { "retry-after": "0" }));
    await expect(createClient({ baseUrl, token: "t", attempts: 3 }).deployments.list("indexer")).rejects.toThrow("because of unavailable");
    expect(seen).toHaveLength(3);
  });

  it("names the address when nothing answers there, and when something else does", async () => {
    const { baseUrl } = await serve((response) => response.writeHead(200).end("<html>"));
    const other = createClient({ baseUrl, token: "t", attempts: 1 }).deployments.list("indexer");
    await expect(other).rejects.toThrow(/not in Obelisk's form/);
    const dead = createClient({ baseUrl: "http://127.0.0.1:2", token: "t", attempts: 1 }).deployments.list("indexer");
    await expect(dead).rejects.toThrow(ObeliskUnreachableError);
    await expect(dead).rejects.toThrow(/127\.0\.0\.1:2.*ECONNREFUSED.*Is Obelisk running/);
  });

  it("ends a call that gets no answer in time", async () => {
    const { baseUrl } = await serve(() => undefined);
    const call = createClient({ baseUrl, token: "t", timeoutMs: 100, attempts: 1 }).deployments.list("indexer");
    await expect(call).rejects.toThrow("no answer within 100 ms");
  });

  it("stops waiting when the caller aborts", async () => {
    const { baseUrl } = await serve(problem(429, "rate_limited", { "retry-after": "30" }));
    const call = createClient({ baseUrl, token: "t" }).deployments.list("indexer", {}, { signal: AbortSignal.timeout(150) });
    await expect(call).rejects.toThrow(/abort|time/i);
  });

  it("does not begin to wait once the caller has aborted", async () => {
    const { baseUrl, seen } = await serve(problem(429, "rate_limited", { "retry-after": "30" }));
    const caller = new AbortController();
    // Between the answer and the wait: while the length of the wait is being decided.
    const random = vi.spyOn(Math, "random").mockImplementation(() => {
      caller.abort();
      return 0.5;
    });
    try {
      const call = createClient({ baseUrl, token: "t" }).deployments.list("indexer", {}, { signal: caller.signal });
      await expect(call).rejects.toThrow(/abort/i);
      expect(seen).toHaveLength(1);
    } finally {
      random.mockRestore();
    }
  });

  it("waits for a used-up rate window at a deployment's endpoint, and gives every other answer as it is", async () => {
    const { baseUrl, seen } = await serve(problem(429, "rate_limited", { "retry-after": "0" }), json(503, { starting: true }));
    const response = await createClient({ baseUrl, token: "obk_t" }).endpoint("my-slug", "graphql", { method: "POST", body: "{}" });
    expect([response.status, await response.json()]).toEqual([503, { starting: true }]);
    expect(seen.map(({ method, url, body, headers }) => [method, url, body, headers.authorization])).toEqual(
      Array(2).fill(["POST", "/d/my-slug/graphql", "{}", "Bearer obk_t"]),
    );
  });

  it("pages through a whole list", async () => {
    const page = (count: number, offset: number) =>
      json(200, {
        data: Array.from({ length: count }, (_, index) => ({ id: offset + index })),
        pagination: { limit: 100, offset, total: 130 },
      });
    const { baseUrl, seen } = await serve(page(100, 0), page(30, 100));
    const found: unknown[] = [];
    for await (const deployment of createClient({ baseUrl, token: "t" }).deployments.each("indexer")) found.push(deployment.id);
    expect(found).toEqual(Array.from({ length: 130 }, (_, index) => index));
    expect(seen[1]?.url).toContain("offset=100");
  });
});

describe("the retry decision", () => {
  const policy = { attempts: 4, longestWaitMs: 65_000 };
  const answered = (status: number, code: string | null, retryAfterSeconds: number | null) =>
    ({ type: "answered", status, code, retryAfterSeconds }) as const;

  it("never repeats what waiting can't mend", () => {
    for (const status of [400, 401, 402, 403, 404, 409, 413, 415, 422, 500])
      expect(waitBeforeRetry(answered(status, null, 1), 1, policy, 0)).toBeNull();
    expect(waitBeforeRetry(answered(503, "provisioning_unavailable", null), 1, policy, 0)).toBeNull();
  });

  it("gives up rather than wait longer than allowed", () => {
    expect(waitBeforeRetry(answered(429, "rate_limited", 3_600), 1, policy, 0)).toBeNull();
    expect(waitBeforeRetry(answered(429, "rate_limited", 60), 1, policy, 0)).toBe(60_000);
  });

  it("doubles the wait after lost connections and stays bounded", () => {
    const waits = [1, 2, 3].map((attempt) => waitBeforeRetry({ type: "unreachable" }, attempt, policy, 0.5));
    expect(waits).toEqual([250, 500, 1_000]);
    expect(waitBeforeRetry({ type: "unreachable" }, 4, policy, 0.5)).toBeNull();
    expect(waitBeforeRetry({ type: "unreachable" }, 30, { ...policy, attempts: 100 }, 1)).toBe(6_250);
  });
});
