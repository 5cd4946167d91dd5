import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { startLocalChain } from "@obelisk/testing/local-chain";
import { describe, expect, it } from "vitest";
import { evmAdapter } from "../src/index.ts";
import { chainConformance } from "./conformance/chain-conformance.ts";

/** Init code of a contract whose code is one STOP. */
const smallest = "0x6001600c60003960016000f300" as const;

describe("evm", () => {
  chainConformance(async () => {
    const chain = await startLocalChain();
    const contract = await chain.deploy({ abi: [], bytecode: smallest });
    return {
      adapter: evmAdapter(),
      rpcUrl: chain.rpcUrl,
      chainId: chain.chainId,
      contract,
      nobody: `0x${"ab".repeat(20)}`,
      spellings: ["0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"],
      noAddresses: ["0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045", "0x12", "vitalik.eth", ""],
      pause: chain.pause,
      resume: chain.resume,
      close: chain.stop,
    };
  });

  it("bears a node that answers without measure, or to do harm", async () => {
    let answer = "";
    const node = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => {
      node.listen(0, "127.0.0.1", resolve);
    });
    const adapter = evmAdapter();
    const ask = (text: string, user = "") => {
      answer = text;
      const rpcUrl = `http://${user}127.0.0.1:${(node.address() as AddressInfo).port}`;
      return adapter.probe({ rpcUrls: [rpcUrl], allowPrivateTargets: true, timeoutMs: 2_000 });
    };
    try {
      const many = Array.from({ length: 1_000 }, (_, id) => ({ id: id % 2, result: "0x1" }));
      await expect(ask(JSON.stringify(many))).rejects.toMatchObject({ code: "not_a_chain" });
      await expect(ask(`[${'{"id":0,"result":"0x1"},'.repeat(10_000)}{"id":1}]`)).rejects.toThrow(/larger than \d+ bytes/);
      const words = JSON.stringify({ id: 0, error: { code: 1, message: "a\u0000\u001b]0;b\u0007\u009bc\ud83d" } });
      await expect(ask(`[${words}]`)).rejects.toThrow("refused eth_chainId: a ]0;b c\ufffd");
      await expect(ask("[]", "us%zz:%ff@")).rejects.toThrow(/percent-encode/);
      for (const bomb of [`[${"[".repeat(30_000)}${"]".repeat(30_000)}]`, `[${"{},".repeat(20_000)}{}]`])
        await expect(ask(bomb)).rejects.toMatchObject({ code: "not_a_chain" });
    } finally {
      await adapter.close();
      node.close();
    }
  });

  it("reads as little of codes as it must: of some at once a few KiB each, and one by one where they are larger", async () => {
    const sizes = new Map([
      ["0x01", 100_000],
      ["0x02", 0],
      ["0x03", 900_000],
    ]);
    const asked: number[] = [];
    const node = createServer(async (request, response) => {
      const calls = JSON.parse(await text(request)) as { id: number; params: [string] }[];
      asked.push(calls.length);
      response.end(
        JSON.stringify(calls.map(({ id, params: [address] }) => ({ id, result: `0x${"0".repeat(sizes.get(address) ?? 48_000)}` }))),
      );
    });
    await new Promise<void>((resolve) => {
      node.listen(0, "127.0.0.1", resolve);
    });
    const adapter = evmAdapter();
    const rpcUrls = [`http://127.0.0.1:${(node.address() as AddressInfo).port}`];
    const hasCode = (addresses: string[]) => adapter.hasCode({ rpcUrls, allowPrivateTargets: true, timeoutMs: 5_000 }, addresses);
    try {
      expect(await hasCode(Array.from({ length: 20 }, (_, at) => `0x1${at}`))).toEqual(Array(20).fill(true));
      expect(asked.splice(0)).toEqual([8, 8, 4]);
      expect(await hasCode([...sizes.keys()])).toEqual([true, false, true]);
      expect(asked.splice(0)).toEqual([3, 1, 1, 1]);
      sizes.set("0x03", 3_000_000);
      await expect(hasCode(["0x02", "0x03"])).rejects.toMatchObject({ code: "too_large" });
    } finally {
      await adapter.close();
      node.close();
    }
  });
});
