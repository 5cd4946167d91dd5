import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import type { Agent } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertPublicAddress, EgressFailed, EgressRefused, egressAgent, egressFetch, guardedLookup, refusalOf } from "../src/index.ts";

const strict = { allowPrivateTargets: false };
const open = { allowPrivateTargets: true };

describe("addresses", () => {
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
  ])("%s is refused where private targets are not allowed", (address) => {
    expect(refusalOf(address, strict)).toBeTypeOf("string");
  });

  test.each(["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1"])("%s is public", (address) => {
    expect(refusalOf(address, strict)).toBeNull();
  });

  test.each(["127.0.0.1", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "::1", "fd12::1"])("%s may be allowed", (address) => {
    expect(refusalOf(address, open)).toBeNull();
  });

  test.each([
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "fd00:ec2::254",
    "64:ff9b::7f00:1",
    "::ffff:10.0.0.1",
  ])("%s stays refused where private targets are allowed", (address) => {
    expect(refusalOf(address, open)).toBeTypeOf("string");
  });

  test("no IPv4 address of a private block slips through in any notation of IPv6 that carries it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("10", "127", "192.168", "169.254"),
        fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }),
        (block, rest) => {
          const address = [...block.split("."), ...rest].slice(0, 4).join(".");
          for (const form of [address, `::ffff:${address}`, `::${address}`, `64:ff9b::${address}`])
            expect(refusalOf(form, strict)).toBeTypeOf("string");
        },
      ),
    );
  });

  test("the refusal names host, address and remedy", async () => {
    const refused = await assertPublicAddress("localhost", strict).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EgressRefused);
    expect(String(refused)).toMatch(
      /localhost \((127\.0\.0\.1|::1)\): a loopback address; use a public address, or let the operator allow private targets/,
    );
    await expect(assertPublicAddress("169.254.169.254", open)).rejects.toThrow(
      /169\.254\.169\.254: a link-local address; use a public address$/,
    );
    await expect(assertPublicAddress("[::1]", strict)).rejects.toThrow(EgressRefused);
  });

  test("a lookup answers with checked addresses only", async () => {
    const ask = (policy: { allowPrivateTargets: boolean }) =>
      new Promise((resolve) => guardedLookup(policy)("localhost", { all: true }, (error, found) => resolve(error ?? found)));
    expect(await ask(strict)).toBeInstanceOf(EgressRefused);
    expect(await ask(open)).toEqual(expect.arrayContaining([expect.objectContaining({ family: expect.any(Number) })]));
  });
});

describe("requests", () => {
  let server: Server;
  let port: number;
  let hits = 0;
  const agents: Agent[] = [];
  const agent = (allowPrivateTargets: boolean) => {
    const made = egressAgent({ allowPrivateTargets });
    agents.push(made);
    return made;
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      hits++;
      if (request.url === "/redirect") response.writeHead(302, { location: "/elsewhere" }).end();
      else if (request.url === "/large") response.end("x".repeat(200_000));
      else if (request.url === "/endless") for (let i = 0; i < 100; i++) response.write("x".repeat(10_000));
      else if (request.url === "/slow") return;
      else if (request.url === "/auth") response.end(request.headers.authorization);
      else request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterAll(async () => {
    await Promise.all(agents.map((one) => one.destroy()));
    server.closeAllConnections();
    server.close();
  });

  test("a loopback server is never reached, by name or by address in any notation, unless allowed", async () => {
    const before = hits;
    const guarded = agent(false);
    for (const host of [
      "127.0.0.1",
      "localhost",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "[::ffff:127.0.0.1]",
      "0.0.0.0",
      "[::1]",
      "127.1",
    ]) {
      await expect(egressFetch(`http://${host}:${port}/`, { agent: guarded })).rejects.toThrow(EgressRefused);
    }
    expect(hits).toBe(before);
    const answer = await egressFetch(`http://127.0.0.1:${port}/`, { agent: agent(true), method: "POST", body: "hello" });
    expect(answer.body.toString()).toBe("hello");
  });

  test("a redirect is an answer, not followed", async () => {
    const before = hits;
    const answer = await egressFetch(`http://127.0.0.1:${port}/redirect`, { agent: agent(true) });
    expect([answer.status, answer.headers.location, hits - before]).toEqual([302, "/elsewhere", 1]);
  });

  test("size and time are bounded", async () => {
    const one = agent(true);
    const failure = (path: string, bounds: object) =>
      egressFetch(`http://127.0.0.1:${port}${path}`, { agent: one, ...bounds }).catch((error: unknown) => (error as EgressFailed).code);
    expect(await failure("/large", { maxResponseBytes: 1_000 })).toBe("too_large");
    expect(await failure("/endless", { maxResponseBytes: 50_000 })).toBe("too_large");
    expect(await failure("/slow", { timeoutMs: 200 })).toBe("timeout");
    expect(await failure("/slow", { signal: AbortSignal.timeout(100) })).toBe("aborted");
    expect((await egressFetch(`http://127.0.0.1:${port}/large`, { agent: one })).body.length).toBe(200_000);
  });

  test("what is no http URL is refused before anything is sent, and no message holds a path or a password", async () => {
    const one = agent(true);
    for (const url of ["ftp://example.com", "file:///etc/passwd", "nonsense"])
      await expect(egressFetch(url, { agent: one })).rejects.toThrow(EgressFailed);
    const error = await egressFetch("http://user:secret@127.0.0.1:1/key-in-path?token=1", { agent: one }).catch((failed: unknown) =>
      String(failed),
    );
    expect(error).toContain("http://127.0.0.1:1 is unreachable");
    expect(error).not.toMatch(/secret|key-in-path|token/);
    const malformed = await egressFetch(`http://us%zz:%ff@127.0.0.1:${port}/`, { agent: one }).catch((failed: unknown) => failed);
    expect(malformed).toMatchObject({ code: "bad_url" });
    const echoed = await egressFetch(`http://us:p%40ss@127.0.0.1:${port}/auth`, { agent: one });
    expect(echoed.body.toString()).toBe(`Basic ${Buffer.from("us:p@ss").toString("base64")}`);
  });
});
