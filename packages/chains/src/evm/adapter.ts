import { getAddress, isAddress } from "viem";
import { type ChainAdapter, type ChainEndpoint, ChainError } from "../chain.ts";
import { type Call, JsonRpc } from "./json-rpc.ts";

/** Codes asked for in one request: its answer is read whole, and nobody knows its length before. */
const codesAtOnce = 8;

/** EVM chains over JSON-RPC. Several URLs of one endpoint are tried in turn within its time. */
export function evmAdapter(): ChainAdapter {
  const rpc = new JsonRpc();

  async function ask(endpoint: ChainEndpoint, calls: Call[], deadline = Date.now() + endpoint.timeoutMs): Promise<unknown[]> {
    let last: ChainError | undefined;
    for (const url of endpoint.rpcUrls) {
      const timeoutMs = deadline - Date.now();
      if (timeoutMs <= 0) break;
      try {
        return await rpc.batch(url, calls, { timeoutMs, allowPrivateTargets: endpoint.allowPrivateTargets });
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        last = error;
      }
    }
    throw last ?? new ChainError("unreachable", "no RPC URL is configured: name at least one");
  }

  /** Asks for several at once, and for each alone where they are too large for that. */
  async function askForCodes(endpoint: ChainEndpoint, calls: Call[], deadline: number): Promise<unknown[]> {
    try {
      return await ask(endpoint, calls, deadline);
    } catch (error) {
      if (!(error instanceof ChainError) || error.code !== "too_large" || calls.length === 1) throw error;
      const alone: unknown[] = [];
      for (const call of calls) alone.push(...(await ask(endpoint, [call], deadline)));
      return alone;
    }
  }

  return {
    family: "evm",
    parseAddress: (text) => (isAddress(text) ? getAddress(text) : null),
    async probe(endpoint) {
      const [chainId, headBlock] = await ask(endpoint, [
        { method: "eth_chainId", params: [] },
        { method: "eth_blockNumber", params: [] },
      ]);
      return { chainId: quantity(chainId, "eth_chainId"), headBlock: quantity(headBlock, "eth_blockNumber") };
    },
    async hasCode(endpoint, addresses) {
      const deadline = Date.now() + endpoint.timeoutMs;
      const calls = addresses.map((address) => ({ method: "eth_getCode", params: [address, "latest"] }));
      const groups = Array.from({ length: Math.ceil(calls.length / codesAtOnce) }, (_, group) =>
        askForCodes(endpoint, calls.slice(group * codesAtOnce, (group + 1) * codesAtOnce), deadline),
      );
      return (await Promise.all(groups)).flat().map((code) => {
        if (typeof code !== "string" || !code.startsWith("0x"))
          throw new ChainError("not_a_chain", "eth_getCode was answered with no code: this is no EVM node");
        return code.length > 2;
      });
    },
    close: () => rpc.close(),
  };
}

function quantity(value: unknown, method: string): number {
  const number = typeof value === "string" && /^0x[0-9a-f]+$/i.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new ChainError("not_a_chain", `${method} was answered without a number: this is no EVM node`);
  return number;
}
