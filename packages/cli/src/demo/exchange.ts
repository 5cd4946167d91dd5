import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileContract } from "@obelisk/embedded/compile-contract";
import { type Abi, type Address, createPublicClient, createWalletClient, defineChain, type Hex, http } from "viem";
import { CommandFailure } from "../failure.ts";

/** The demo's contract, compiled. */
export interface CompiledExchange {
  abi: Abi;
  bytecode: Hex;
}

export async function compileExchange(): Promise<CompiledExchange> {
  const { abi, bytecode } = await compileContract(readFileSync(join(import.meta.dirname, "exchange.sol"), "utf8"), "Exchange");
  return { abi: abi as Abi, bytecode };
}

export type ChainConnection = Awaited<ReturnType<typeof connectChain>>;

/**
 * Connects to a development chain, one that signs for its own accounts.
 * @throws CommandFailure where it doesn't answer or holds no account.
 */
export async function connectChain(rpcUrl: string) {
  const transport = http(rpcUrl, { timeout: 30_000, retryCount: 2 });
  try {
    const bare = createPublicClient({ transport });
    const chain = defineChain({
      id: await bare.getChainId(),
      name: "local",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    });
    const wallet = createWalletClient({ chain, transport });
    const [account] = await wallet.getAddresses();
    if (!account)
      throw new CommandFailure(
        `${rpcUrl} holds no account`,
        "The demo sends transactions: give it a development chain, such as Obelisk's own.",
      );
    return { rpcUrl, account, wallet, public: createPublicClient({ chain, transport, pollingInterval: 50 }) };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`the chain at ${rpcUrl} does not answer`, "`obelisk up` starts one; another is named with --rpc-url.", error);
  }
}

/** Deploys the contract; its block is where an indexer has to start. */
export async function deployExchange(
  chain: ChainConnection,
  { abi, bytecode }: CompiledExchange,
): Promise<{ address: Address; block: number }> {
  const hash = await chain.wallet.deployContract({ abi, bytecode, account: chain.account });
  const receipt = await chain.public.waitForTransactionReceipt({ hash, timeout: 30_000 });
  if (receipt.status !== "success" || !receipt.contractAddress) throw new Error(`the deployment ${hash} was reverted`);
  return { address: receipt.contractAddress, block: Number(receipt.blockNumber) };
}

/** Events of one transaction: some 2 million gas, far below any block's limit. */
const eventsPerTransaction = 200;

/** Makes the contract emit this many events, over many transactions; gives the last one's block. */
export async function emitEvents(chain: ChainConnection, abi: Abi, address: Address, count: number): Promise<number> {
  let block = 0n;
  for (let left = count; left > 0; left -= eventsPerTransaction) {
    const events = Math.min(left, eventsPerTransaction);
    const hash = await chain.wallet.writeContract({
      ...{ address, abi, functionName: "trade", args: [BigInt(events)], account: chain.account },
      gas: 200_000n + BigInt(events) * 30_000n,
    });
    const receipt = await chain.public.waitForTransactionReceipt({ hash, timeout: 30_000 });
    if (receipt.status !== "success") throw new Error(`transaction ${hash} was reverted`);
    block = receipt.blockNumber;
  }
  return Number(block);
}
