import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type NameSources, resolveName } from "../src/resolve.ts";

const zone: Record<string, string> = {
  "node.example": "192.0.2.1",
  "geth.apps.cluster.test": "192.0.2.2",
  "a.b.cluster.test": "192.0.2.3",
  "half.example": "192.0.2.4",
  "late.example": "192.0.2.5",
};

/** `2001:db8::5`, the one IPv6 address of the zone, which comes 100 ms late. */
const ipv6 = Buffer.from("20010db8000000000000000000000005", "hex");

let server: Socket;
let folder: string;
let asked: string[] = [];
let sources: NameSources;

/**
 * A name server: it knows the zone's IPv4 addresses, says of other names that there are none, of `….slow.example` nothing at all, and nothing
 * of IPv6 for `half.example`.
 */
beforeAll(async () => {
  server = createSocket("udp4", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.subarray(at + 1, at + 1 + length).toString());
      at += 1 + length;
    }
    const question = query.subarray(12, at + 5);
    const isIpv4 = query.readUInt16BE(at + 1) === 1;
    const name = labels.join(".").toLowerCase();
    if (isIpv4) asked.push(name);
    if (name.endsWith("slow.example") || (name === "half.example" && !isIpv4)) return;
    const isLate = name === "late.example" && !isIpv4;
    const address = zone[name];
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(address ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(address && (isIpv4 || isLate) ? 1 : 0, 6);
    header.fill(0, 8);
    const answer = isLate
      ? Buffer.from([0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, ...ipv6])
      : Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...(address ?? "0.0.0.0").split(".").map(Number)]);
    const whole = Buffer.concat([header, question, ...(address && (isIpv4 || isLate) ? [answer] : [])]);
    setTimeout(() => server.send(whole, from.port, from.address), isLate ? 100 : 0);
  });
  await new Promise<void>((resolve) => {
    server.bind(0, "127.0.0.1", resolve);
  });
  folder = mkdtempSync(join(tmpdir(), "obelisk-names-"));
  sources = {
    hostsFile: join(folder, "hosts"),
    configurationFile: join(folder, "resolv.conf"),
    servers: [`127.0.0.1:${server.address().port}`],
    timeoutMs: 1_000,
  };
  writeFileSync(join(folder, "hosts"), "10.0.0.5 Node.Internal node # ours\n::5 node.internal\n#10.0.0.6 commented\n");
  writeFileSync(join(folder, "resolv.conf"), "nameserver 127.0.0.1\nsearch apps.cluster.test cluster.test.\noptions timeout:1 ndots:2\n");
});

afterAll(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  asked = [];
});

test("many names whose server is silent end at their deadline and keep no other look-up waiting, the system's included", async () => {
  const started = performance.now();
  const slow = Array.from({ length: 40 }, (_, at) => resolveName(`n${at}.x.slow.example`, sources));
  const ended = Promise.allSettled(slow);
  expect(await resolveName("node.example.", sources)).toEqual([{ address: "192.0.2.1", family: 4 }]);
  expect(await lookup("localhost")).toMatchObject({ address: expect.any(String) });
  expect(performance.now() - started).toBeLessThan(800);
  for (const one of await ended) expect(one).toMatchObject({ status: "rejected", reason: { code: "ETIMEOUT" } });
  expect(performance.now() - started).toBeLessThan(3_000);
});

test("a name server that drops the questions for one family costs little, and what comes of it in time counts", async () => {
  const patient = { ...sources, timeoutMs: 5_000 };
  const started = performance.now();
  expect(await resolveName("half.example.", patient)).toEqual([{ address: "192.0.2.4", family: 4 }]);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect(await resolveName("late.example.", patient)).toEqual([
    { address: "192.0.2.5", family: 4 },
    { address: "2001:db8::5", family: 6 },
  ]);
});

test("the hosts file comes first, and localhost is this host also where the file doesn't say so", async () => {
  const both = [
    { address: "10.0.0.5", family: 4 },
    { address: "::5", family: 6 },
  ];
  for (const name of ["node.internal", "NODE.internal", "node.internal."]) expect(await resolveName(name, sources)).toEqual(both);
  expect(await resolveName("node", sources)).toEqual([both[0]]);
  for (const name of ["localhost", "LOCALHOST", "localhost.", "a.localhost"])
    expect((await resolveName(name, sources)).map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
  expect(asked).toEqual([]);
});

test("names are completed by the search list, first those with few dots", async () => {
  expect(await resolveName("geth", sources)).toEqual([{ address: "192.0.2.2", family: 4 }]);
  expect(await resolveName("a.b", sources)).toEqual([{ address: "192.0.2.3", family: 4 }]);
  expect(asked).toEqual(["geth.apps.cluster.test", "a.b.apps.cluster.test", "a.b.cluster.test"]);
  asked = [];
  expect((await resolveName("node.example", sources))[0]?.address).toBe("192.0.2.1");
  expect(asked.at(-1)).toBe("node.example");
  asked = [];
  await expect(resolveName("one.two.three", sources)).rejects.toMatchObject({
    code: "ENOTFOUND",
    message: expect.stringContaining("one.two.three"),
  });
  expect(asked[0]).toBe("one.two.three");
  asked = [];
  await expect(resolveName("commented.", sources)).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(asked).toEqual(["commented"]);
});

test("without any file the name alone is asked for", async () => {
  const none = { ...sources, hostsFile: join(folder, "none"), configurationFile: join(folder, "none") };
  expect((await resolveName("node.example", none))[0]?.address).toBe("192.0.2.1");
  expect(asked).toEqual(["node.example"]);
});
