import { createTenant } from "@obelisk/testing/tenant";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./described-answers.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

const limit = 40;
let platform: TestPlatform;
const servers: ServerProcess[] = [];

beforeAll(async () => {
  platform = await openTestPlatform();
  const env = { PUBLIC_API_RATE_LIMIT: String(limit), PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS: "86400" };
  servers.push(...(await Promise.all([1, 2].map(() => startServerProcess(platform.database, { env })))));
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await platform?.close();
});

test("two server processes together let exactly the limit through on one key, and tell the rest when to come again", async () => {
  const { token } = await (await createTenant(platform)).asKey();
  const answers = await Promise.all(
    Array.from({ length: limit * 2 }, async (_, index) => {
      const answer = await ask(`${servers[index % 2]?.url}/api/public/v1/deployments/indexer`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await answer.body?.cancel();
      return answer;
    }),
  );
  const through = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  expect([through.length, refused.length]).toEqual([limit, limit]);
  const remaining = through.map(({ headers }) => Number(headers.get("x-ratelimit-remaining"))).sort((a, b) => a - b);
  expect(remaining).toEqual(Array.from({ length: limit }, (_, index) => index));
  for (const { headers } of refused) {
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect(headers.get("retry-after")).toBe(headers.get("x-ratelimit-reset"));
    expect(headers.get("x-ratelimit-remaining")).toBe("0");
  }
});

test("a server stops on SIGTERM with status 0, and with the process that started it", async () => {
  const [asked, orphaned] = await Promise.all([1, 2].map(() => startServerProcess(platform.database)));
  expect(await asked?.stop()).toBe(0);
  const exited = new Promise((resolve) => orphaned?.child.once("exit", resolve));
  orphaned?.child.stdin?.end();
  expect(await exited).toBe(0);
});

test("a server in production says once that it doesn't believe the proxy in front of it", async () => {
  const server = await startServerProcess(platform.database, {
    env: { NODE_ENV: "production", BASE_URL: "http://localhost", RUNTIME_ALLOW_PRIVATE_TARGETS: "false" },
  });
  for (let time = 0; time < 3; time += 1) await (await ask(`${server.url}/healthz`, { headers: { "x-forwarded-for": "10.0.0.1" } })).text();
  await server.stop();
  expect(server.lines.filter((line) => line.includes("TRUST_PROXY"))).toHaveLength(1);
});

test("a server that can't start names every fault of its environment and exits 64", async () => {
  const failing = startServerProcess(platform.database, {
    env: { PUBLIC_API_RATE_LIMIT: "none", ENCRYPTION_KEY: "short", TRUST_PROXY: "perhaps" },
  });
  for (const name of ["status 64", "PUBLIC_API_RATE_LIMIT", "ENCRYPTION_KEY", "TRUST_PROXY"]) await expect(failing).rejects.toThrow(name);
  await expect(failing).rejects.not.toThrow(/short/);
});

test("no log line holds the key's token", () => {
  const lines = servers.flatMap((server) => server.lines);
  expect(lines.some((line) => line.includes('"event":"request"'))).toBe(true);
  expect(lines.filter((line) => line.includes("obk_"))).toEqual([]);
});
