import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
    } finally {
      await adapter.close();
      node.close();
    }
  });
});
