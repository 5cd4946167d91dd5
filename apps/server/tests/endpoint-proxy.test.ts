import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Secrets } from "@obelisk/core/kernel/secrets";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";

let serving: Serving;
let runtime: Server;
let tenant: TestTenant;
let other: TestTenant;
let seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string } | null = null;

beforeAll(async () => {
  serving = await serve();
  [tenant, other] = [await createTenant(serving.test), await createTenant(serving.test)];
  // A program that answers as a runtime does: only to the platform's token.
  runtime = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
      if (request.headers.authorization !== "Bearer instance-token") return response.writeHead(401).end();
      response.writeHead(207, {
        "content-type": "application/json",
        "set-cookie": "stolen=1",
        connection: "x-private",
        "cache-control": "public, max-age=3600",
        nel: '{"report_to":"theirs"}',
        "x-private": "1",
        "x-kept": "1",
      });
      return response.end(JSON.stringify({ url: request.url, body }));
    });
  });
  await new Promise<void>((resolve) => {
    runtime.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(async () => {
  await serving?.close();
  runtime?.closeAllConnections();
  runtime?.close();
});

async function deployed(options: { status?: string; visibility?: string; address?: string; token?: string } = {}) {
  const made = await insertDeployment(serving.test, tenant, options);
  const sealed = serving.test.platform.secrets.seal(options.token ?? "instance-token", `instance.token:${made.id}`);
  await serving.test.owner.query(
    `insert into instances (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state, address, sealed_token)
     values ($1, $2, 'wrk', 1, now() + interval '1 hour', 'ready', $3, $4)`,
    [tenant.id, made.id, options.address ?? `127.0.0.1:${(runtime.address() as AddressInfo).port}`, sealed],
  );
  return made;
}

/** Status and problem without its request id, to compare what two callers see. */
async function told(answer: Response) {
  const { requestId: _, ...problem } = (await answer.json()) as { requestId: string };
  return { status: answer.status, problem };
}

test("a private endpoint answers its organization's members and keys, and nobody else can tell it from none", async () => {
  const { slug } = await deployed();
  const path = `/d/${slug}/graphql?x=1`;
  const key = await tenant.asKey(["deployments:read"]);
  const foreignKey = await other.asKey();
  for (const role of ["owner", "admin", "member"] as const) expect((await serving.as(tenant.users[role], path)).status).toBe(207);
  const answer = await serving.ask(path, { token: key.token });
  expect([answer.status, answer.headers.get("x-ratelimit-limit")]).toEqual([207, "1000000"]);
  expect(await answer.json()).toEqual({ url: "/graphql?x=1", body: "" });
  const nothing = await told(await serving.ask("/d/there-is-none/graphql"));
  expect(nothing.status).toBe(404);
  for (const refused of [
    await serving.ask(path),
    await serving.as(other.users.owner, path),
    await serving.ask(path, { token: foreignKey.token }),
    await serving.ask("/d/there-is-none/graphql", { token: key.token }),
    await serving.as(tenant.users.owner, path, { headers: { origin: "https://evil.example" } }),
    await serving.ask(path, { method: "OPTIONS" }),
  ]) {
    expect(await told(refused)).toEqual(nothing);
  }
});

test("a token that this server can't open stays a matter of the operator's log, and of those who may see the endpoint", async () => {
  const seal = (id: string) => new Secrets(["l".repeat(40)]).seal("instance-token", `instance.token:${id}`);
  const [hidden, shown] = [await deployed(), await deployed({ visibility: "public" })];
  for (const { id } of [hidden, shown]) {
    await serving.test.owner.query("update instances set sealed_token = $2 where deployment_id = $1", [id, seal(id)]);
  }
  expect(await told(await serving.ask(`/d/${hidden.slug}/graphql`))).toEqual(await told(await serving.ask("/d/there-is-none/graphql")));
  const answers = [await serving.as(tenant.users.member, `/d/${hidden.slug}/graphql`), await serving.ask(`/d/${shown.slug}/graphql`)];
  for (const answer of answers) {
    expect(answer.status).toBe(503);
    const { detail, code } = (await answer.json()) as { detail: string; code: string };
    expect([detail, code]).toEqual(["This deployment can't be reached from here. The operator finds the cause in the log.", "unavailable"]);
  }
});

test("a key without deployments:read and an unknown one are refused as on the API", async () => {
  const { slug } = await deployed();
  const writer = await tenant.asKey(["deployments:write"]);
  expect((await serving.ask(`/d/${slug}/`, { token: writer.token })).status).toBe(403);
  expect((await serving.ask(`/d/${slug}/`, { token: "obk_unknown" })).status).toBe(401);
});

test("a key's queries have a window of their own, ten times the API's, and leave the API's alone", async () => {
  const { slug } = await deployed();
  const reader = await tenant.asKey(["deployments:read"]);
  const left = async (path: string) => Number((await serving.ask(path, { token: reader.token })).headers.get("x-ratelimit-remaining"));
  expect([await left(`/d/${slug}/`), await left(`/d/${slug}/`)]).toEqual([999_999, 999_998]);
  expect(await left("/api/public/v1/deployments/indexer")).toBe(99_999);
});

test("a public endpoint answers anyone, also pages of other origins", async () => {
  const { slug } = await deployed({ visibility: "public" });
  const answer = await serving.ask(`/d/${slug}/rest/moved`, { headers: { origin: "https://elsewhere.example" } });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([207, "*"]);
  const preflight = await serving.ask(`/d/${slug}/graphql`, { method: "OPTIONS" });
  expect([preflight.status, preflight.headers.get("access-control-allow-methods")]).toEqual([204, "GET, HEAD, POST, OPTIONS"]);
  expect((await serving.ask(`/d/${slug}/graphql`, { method: "DELETE" })).status).toBe(405);
});

test("how a public endpoint's program is doing is told to its organization only", async () => {
  const { slug } = await deployed({ visibility: "public" });
  const key = await tenant.asKey(["deployments:read"]);
  for (const path of ["health", "metrics", "ready", "metrics/", "%6detrics"]) {
    expect((await serving.ask(`/d/${slug}/${path}`)).status, path).toBe(404);
    expect((await serving.ask(`/d/${slug}/${path}`, { token: key.token })).status, path).toBe(207);
  }
});

test("the runtime gets the body and its own token, and none of the caller's credentials", async () => {
  const { slug } = await deployed();
  const answer = await serving.as(tenant.users.owner, `/d/${slug}/graphql`, {
    body: { query: "{ moved { id } }" },
    headers: { "x-obelisk-organization": tenant.id, "x-forwarded-for": "1.2.3.4", "x-custom": "kept" },
  });
  expect(await answer.json()).toMatchObject({ body: '{"query":"{ moved { id } }"}' });
  expect(seen?.method).toBe("POST");
  expect(seen?.headers).toMatchObject({
    authorization: "Bearer instance-token",
    "x-custom": "kept",
    "x-request-id": answer.headers.get("x-request-id"),
  });
  for (const name of ["cookie", "x-api-key", "x-obelisk-organization", "x-forwarded-for"]) expect(seen?.headers).not.toHaveProperty(name);
});

test("the answer can set no cookie, run no script and keep no header of the connection", async () => {
  const { slug } = await deployed();
  const { headers } = await serving.as(tenant.users.owner, `/d/${slug}/`);
  expect(headers.getSetCookie()).toEqual([]);
  expect([headers.get("x-private"), headers.get("x-kept"), headers.get("x-content-type-options")]).toEqual([null, "1", "nosniff"]);
  expect([headers.get("nel"), headers.get("cache-control")]).toEqual([null, "no-store"]);
  expect(headers.get("content-security-policy")).toContain("sandbox");
});

test("a percent-encoded slug is the same endpoint, and no spelling of a path leaves it", async () => {
  const { slug } = await deployed();
  const encoded = `%${slug.charCodeAt(0).toString(16)}${slug.slice(1)}`;
  const urlOf = async (path: string) =>
    ((await (await serving.as(tenant.users.owner, path)).json()) as { url?: string; status?: number }).url;
  expect(await urlOf(`/d/${encoded}/rest/moved?x=%2F`)).toBe("/rest/moved?x=%2F");
  expect(await urlOf(`/d/${encoded}`)).toBe("/");
  expect(await urlOf(`/d/${slug}//evil.example/x`)).toBe("//evil.example/x");
  expect(await urlOf(`/d/${slug}/%2e%2e/rest`)).toBeUndefined();
});

test("a deployment without a program answers 503, and when to come again where waiting helps; one whose program is gone 502", async () => {
  const { owner } = tenant.users;
  for (const [status, retryAfter] of [
    ["provisioning", true],
    ["suspended", false],
    ["failed", false],
  ] as const) {
    const { slug } = await insertDeployment(serving.test, tenant, { status });
    const answer = await serving.as(owner, `/d/${slug}/graphql`);
    expect([status, answer.status, answer.headers.has("retry-after")]).toEqual([status, 503, retryAfter]);
  }
  const gone = await deployed({ address: "127.0.0.1:9" });
  const unreachable = await serving.as(owner, `/d/${gone.slug}/graphql`);
  expect([unreachable.status, ((await unreachable.json()) as { code: string }).code]).toEqual([502, "runtime_unavailable"]);
  const replaced = await deployed({ token: "older-token" });
  expect((await serving.as(owner, `/d/${replaced.slug}/graphql`)).status).toBe(503);
  const ended = await insertDeployment(serving.test, tenant, { status: "deprovisioned", visibility: "public" });
  expect((await serving.ask(`/d/${ended.slug}/graphql`)).status).toBe(404);
});

test("a request over the limit is refused", async () => {
  const { slug } = await deployed({ visibility: "public" });
  expect((await serving.ask(`/d/${slug}/graphql`, { body: "x".repeat(1024 * 1024 + 1) })).status).toBe(413);
});

test("callers that don't read an answer hold their turns until the deadline and no longer", async () => {
  const large = createServer((_, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(1024 * 1024);
    const more = () => {
      while (!response.destroyed) if (!response.write(chunk)) return;
    };
    response.on("drain", more);
    more();
  });
  await new Promise<void>((resolve) => {
    large.listen(0, "127.0.0.1", resolve);
  });
  const hurried = await serve({ http: { endpointDeadlineMs: 3_000 } });
  const owner = await createTenant(hurried.test);
  const { slug, id } = await insertDeployment(hurried.test, owner, { visibility: "public" });
  await hurried.test.owner.query(
    `insert into instances (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state, address, sealed_token)
     values ($1, $2, 'wrk', 1, now() + interval '1 hour', 'ready', $3, $4)`,
    [owner.id, id, `127.0.0.1:${(large.address() as AddressInfo).port}`, hurried.test.platform.secrets.seal("t", `instance.token:${id}`)],
  );
  const path = `/d/${slug}/graphql`;
  const sockets = Array.from({ length: 32 }, () => {
    const socket = connect(Number(new URL(hurried.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    return socket;
  });
  const status = async () => {
    const answer = await hurried.ask(path);
    await answer.body?.cancel();
    return answer.status;
  };
  try {
    await expect.poll(status, { timeout: 2_500 }).toBe(429);
    // Its own organization has turns that strangers can't take.
    const own = await hurried.as(owner.users.owner, path);
    await own.body?.cancel();
    expect(own.status).toBe(200);
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
  } finally {
    for (const socket of sockets) socket.destroy();
    await hurried.close();
    large.closeAllConnections();
    large.close();
  }
});

test("callers who never finish their request keep nobody from a public endpoint", async () => {
  const { slug } = await deployed({ visibility: "public" });
  const sockets = Array.from({ length: 60 }, () => {
    const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`POST /d/${slug}/graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`);
    return socket;
  });
  await sleep(300);
  expect((await serving.ask(`/d/${slug}/rest`)).status).toBe(207);
  for (const socket of sockets) socket.destroy();
});
