import { networkInterfaces } from "node:os";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./described-answers.ts";
import { type ServerProcess, startServerProcess } from "./server-process.ts";

let platform: TestPlatform;

beforeAll(async () => {
  platform = await openTestPlatform();
});

afterAll(() => platform?.close());

/** This machine's addresses that other machines reach it at. */
const addresses = Object.values(networkInterfaces()).flatMap((found) =>
  (found ?? []).filter(({ internal, family }) => !internal && family === "IPv4"),
);

/** Which of these addresses the server answers at. */
async function answering(server: ServerProcess, hosts: readonly string[]): Promise<string[]> {
  const { port } = new URL(server.url);
  const asked = hosts.map(async (host) => ((await ask(`http://${host}:${port}/healthz`).catch(() => null))?.ok ? [host] : []));
  return (await Promise.all(asked)).flat();
}

test("in development the server answers this machine alone, unless told otherwise", async () => {
  const others = addresses.map(({ address }) => address);
  const server = await startServerProcess(platform.database);
  expect(await answering(server, ["127.0.0.1", "localhost", ...others])).toEqual(["127.0.0.1", "localhost"]);
  await server.stop();
  const open = await startServerProcess(platform.database, { env: { OPEN_TO_NETWORK: "true" } });
  expect(await answering(open, ["127.0.0.1", ...others])).toEqual(["127.0.0.1", ...others]);
  await open.stop();
});
