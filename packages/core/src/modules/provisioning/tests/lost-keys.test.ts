import { keyId, Secrets } from "@obelisk/core/kernel/secrets";
import { configuredNetworks, registerNetwork } from "@obelisk/core/modules/provisioning";
import { openTestPlatform, type TestPlatform } from "@obelisk/testing/test-platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findNetwork } from "../system/networks.ts";
import { resealStale } from "../system/reseal.ts";

const [lost, older, newest] = ["l", "o", "n"].map((letter) => letter.repeat(40)) as [string, string, string];

let host: TestPlatform;

beforeAll(async () => {
  host = await openTestPlatform();
});

afterAll(() => host?.close());

const under = (...keys: string[]) => Object.assign(host.platform, { secrets: new Secrets(keys) });
const network = (slug: string) => ({ slug, name: slug, family: "evm", chainId: 7, rpcUrls: [`http://${slug}.test/key`] });
const listed = async () => (await configuredNetworks(under(newest))).map(({ slug, rpcOrigins }) => [slug, rpcOrigins]);

test("a network whose key was lost is listed as unreadable, stands in no other's way, and is mended by setting it again", async () => {
  await registerNetwork(under(lost), network("gone"));
  await registerNetwork(under(newest), network("kept"));
  expect(await listed()).toEqual([
    ["gone", null],
    ["kept", ["http://kept.test"]],
  ]);
  expect(await registerNetwork(under(newest), network("kept"))).toEqual([]);
  expect(await findNetwork(under(newest), "gone")).toEqual({ chainId: 7, enabled: true, development: false });
  expect(await registerNetwork(under(newest), network("gone"))).toEqual([{ what: "nodes", from: "unreadable", to: "http://gone.test" }]);
  expect(await listed()).toContainEqual(["gone", ["http://gone.test"]]);
});

test("values that can't be opened are reported and don't keep the rest from being sealed again", async () => {
  for (const slug of ["a1", "a2", "a3"]) await registerNetwork(under(lost), network(slug));
  for (const slug of ["b1", "b2", "b3"]) await registerNetwork(under(older), network(slug));
  await expect(resealStale(under(newest, older), 3)).rejects.toMatchObject({
    name: "UnreadableSecret",
    missingKey: keyId(lost),
    message: expect.stringContaining("add that key to ENCRYPTION_KEY"),
  });
  const readable = (await listed()).filter(([, origins]) => origins !== null).map(([slug]) => slug);
  expect(readable).toEqual(["b1", "b2", "b3", "gone", "kept"]);
});
