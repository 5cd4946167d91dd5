import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { largestBody } from "../src/http/json-body.ts";
import { createTenant, insertDeployment, type Serving, serve, type TestTenant } from "./serving.ts";

const megabyte = 1024 * 1024;
/** What one address may fill of the budget of all. */
const share = 16 * megabyte;

let serving: Serving;
let runtime: Server;
let tenant: TestTenant;
let endpoint: string;
let token: string;

beforeAll(async () => {
  serving = await serve();
  tenant = await createTenant(serving.test);
  ({ token } = await tenant.asKey());
  runtime = createServer((request, response) => {
    request.resume().on("end", () => response.end("{}"));
  });
  await new Promise<void>((resolve) => {
    runtime.listen(0, "127.0.0.1", resolve);
  });
  const { slug, id } = await insertDeployment(serving.test, tenant, { visibility: "public" });
  await serving.test.owner.query(
    `insert into instances (organization_id, deployment_id, worker_id, epoch, lease_expires_at, state, address, sealed_token)
     values ($1, $2, 'wrk', 1, now() + interval '1 hour', 'ready', $3, $4)`,
    [
      tenant.id,
      id,
      `127.0.0.1:${(runtime.address() as AddressInfo).port}`,
      serving.test.platform.secrets.seal("t", `instance.token:${id}`),
    ],
  );
  endpoint = `/d/${slug}/graphql`;
});

afterAll(async () => {
  await serving?.close();
  runtime?.closeAllConnections();
  runtime?.close();
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of buffers that something still refers to. */
function kept(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Callers who send all of a body but its last byte. Gives also what they were answered nevertheless. */
function halfSent(count: number, path: string, bytes: number): { sockets: Socket[]; answers: string[] } {
  const body = Buffer.alloc(bytes - 1, " ");
  const answers: string[] = [];
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(new URL(serving.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.once("data", (data) => answers.push(data.toString()));
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`);
    socket.write(body);
    return socket;
  });
  return { sockets, answers };
}

test.each([
  ["a public endpoint", () => endpoint, 200, megabyte],
  ["sign-in", () => "/api/auth/sign-in/email", 600, 256 * 1024],
  ["a procedure", () => "/api/trpc/apiKeys.create", 600, 256 * 1024],
])("callers of %s who never finish a large body fill a bounded room, and ordinary requests go on", async (_, path, count, bytes) => {
  const before = kept();
  const { sockets, answers } = halfSent(count, path(), bytes);
  const large = () => serving.ask(path(), { body: JSON.stringify({ query: " ".repeat(0.75 * bytes) }) });
  try {
    await expect.poll(() => answers.length, { timeout: 20_000 }).toBeGreaterThan(count / 4);
    expect(answers.every((answer) => answer.startsWith("HTTP/1.1 503"))).toBe(true);
    // The share, and what stands uncounted in the streams of those who were let in; what still comes from those who were refused is
    // read to be thrown away, for half a second and longer where the machine is busy.
    await expect.poll(() => kept() - before, { timeout: 15_000, interval: 250 }).toBeLessThan(4 * share);
    expect((await serving.ask(endpoint, { body: { query: "{ a }" } })).status).toBe(200);
    expect((await serving.ask("/api/auth/sign-in/email", { body: { email: "a@b.test", password: "x" } })).status).toBe(401);
    expect((await serving.as(tenant.users.owner, "/api/trpc/session.get")).status).toBe(200);
    const refused = await large();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await refused.json()).toMatchObject({ code: "unavailable" });
    // The room that is too small for another large body of an endpoint may do for the public API's, which are smaller.
    if (bytes <= largestBody) {
      const create = await serving.ask("/api/public/v1/deployments/indexer", { token, body: { name: " ".repeat(0.75 * bytes) } });
      expect([create.status, create.headers.get("retry-after")]).toEqual([503, "2"]);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await expect.poll(async () => (await large()).status, { timeout: 10_000 }).not.toBe(503);
});
