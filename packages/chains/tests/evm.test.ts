import { startLocalChain } from "@obelisk/testing/local-chain";
import { describe } from "vitest";
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
});
