import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChainAdapter, ChainError } from "../../src/index.ts";

/** What a family's tests provide so that the suite can run on it: a real chain with a contract. */
export interface ChainUnderTest {
  adapter: ChainAdapter;
  rpcUrl: string;
  chainId: number;
  /** Addresses with code and without. */
  contract: string;
  nobody: string;
  /** An address in other spellings that mean the same, and texts that are no address. */
  spellings: readonly string[];
  noAddresses: readonly string[];
  pause(): Promise<void>;
  resume(): void;
  close(): Promise<void>;
}

/** What every chain adapter must do. */
export function chainConformance(open: () => Promise<ChainUnderTest>): void {
  describe("as a chain adapter", () => {
    let under: ChainUnderTest;
    let web: Server;
    let webUrl: string;
    const endpoint = (...rpcUrls: string[]) => ({ rpcUrls, allowPrivateTargets: true, timeoutMs: 2_000 });

    beforeAll(async () => {
      under = await open();
      web = createServer((_, response) => response.end("<html>hello</html>"));
      await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
      webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/key-in-the-path`;
    });
    afterAll(async () => {
      web.close();
      await under.adapter.close();
      await under.close();
    });

    it("tells the chain and its head", async () => {
      const probe = await under.adapter.probe(endpoint(under.rpcUrl));
      expect(probe.chainId).toBe(under.chainId);
      expect(probe.headBlock).toBeGreaterThanOrEqual(1);
    });

    it("tells which addresses hold code, in their order", async () => {
      const { contract, nobody } = under;
      expect(await under.adapter.hasCode(endpoint(under.rpcUrl), [nobody, contract, nobody])).toEqual([false, true, false]);
      expect(await under.adapter.hasCode(endpoint(under.rpcUrl), [])).toEqual([]);
    });

    it("goes on to the next URL when one fails", async () => {
      const probe = await under.adapter.probe(endpoint("http://127.0.0.1:1", webUrl, under.rpcUrl));
      expect(probe.chainId).toBe(under.chainId);
    });

    it("says what is wrong in typed errors that name the origin only", async () => {
      const fail = (url: string, allowPrivateTargets = true) =>
        under.adapter.probe({ ...endpoint(url), allowPrivateTargets }).then(
          () => expect.unreachable(),
          (error: unknown) => error as ChainError,
        );
      const notAChain = await fail(webUrl);
      expect(notAChain).toBeInstanceOf(ChainError);
      expect(notAChain).toMatchObject({ code: "not_a_chain" });
      expect(notAChain.message).not.toContain("key-in-the-path");
      expect(await fail("http://127.0.0.1:1")).toMatchObject({ code: "unreachable" });
      expect(await fail(under.rpcUrl, false)).toMatchObject({ code: "refused_address" });
      await expect(under.adapter.probe(endpoint())).rejects.toMatchObject({ code: "unreachable" });
    });

    it("waits for a silent node no longer than told", async () => {
      await under.pause();
      try {
        const began = Date.now();
        await expect(under.adapter.probe({ ...endpoint(under.rpcUrl), timeoutMs: 500 })).rejects.toMatchObject({ code: "timeout" });
        expect(Date.now() - began).toBeLessThan(2_500);
      } finally {
        under.resume();
      }
    });

    it("spells an address one way, and refuses what is none", () => {
      const spelt = new Set(under.spellings.map((text) => under.adapter.parseAddress(text)));
      expect(spelt.size).toBe(1);
      expect(spelt.has(null)).toBe(false);
      for (const text of under.noAddresses) expect(under.adapter.parseAddress(text)).toBeNull();
    });
  });
}
