import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Abi, type Address, createTestClient, type Hex, http, publicActions, walletActions } from "viem";
import { foundry } from "viem/chains";
import { waitFor } from "./wait-for.ts";

/** A real EVM chain on this machine, gone once stopped or once the process that started it is gone. */
export interface LocalChain {
  rpcUrl: string;
  chainId: number;
  /** Everything of viem's test, public and wallet actions; transactions are mined at once. */
  client: ReturnType<typeof connect>;
  /** Funded accounts the chain signs for. */
  accounts: readonly Address[];
  /** Deploys and gives the address. */
  deploy(contract: { abi: Abi; bytecode: Hex }, args?: readonly unknown[]): Promise<Address>;
  /** Stands still as if the machine had frozen, until resumed; resolves once not a thread of it runs any more. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

function connect(rpcUrl: string) {
  return createTestClient({ mode: "anvil", chain: foundry, transport: http(rpcUrl, { timeout: 30_000 }) })
    .extend(publicActions)
    .extend(walletActions);
}

function anvilProgram(): string {
  const require = createRequire(import.meta.url);
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const wrapper = dirname(require.resolve("@foundry-rs/anvil/package.json"));
  const manifest = createRequire(join(wrapper, "package.json")).resolve(
    `@foundry-rs/anvil-${process.platform}-${architecture}/package.json`,
  );
  return join(dirname(manifest), "bin", "anvil");
}

/**
 * Starts anvil on a free port, chain id 31337.
 * @param port The port to take, to start a chain again where one was.
 */
export async function startLocalChain({ port = 0, args = [] }: { port?: number; args?: readonly string[] } = {}): Promise<LocalChain> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", anvilProgram(), "--host", "127.0.0.1", "--port", String(port), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const rpcUrl = await listening(child);
  const client = connect(rpcUrl);
  const accounts = await client.getAddresses();
  return {
    rpcUrl,
    chainId: foundry.id,
    client,
    accounts,
    deploy: async ({ abi, bytecode }, constructorArguments = []) => {
      const [account] = accounts;
      if (!account) throw new Error("the chain has no account");
      const hash = await client.deployContract({ abi, bytecode, args: constructorArguments, account, chain: foundry });
      const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
      if (!receipt.contractAddress) throw new Error("the deployment was reverted");
      return receipt.contractAddress;
    },
    pause: async () => {
      child.kill("SIGSTOP");
      await waitFor(() => everyThreadStopped(child.pid ?? 0), { what: "the chain stands still" });
    },
    resume: () => void child.kill("SIGCONT"),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** A stop signal takes effect a moment after it is sent: an answer may leave in between. */
function everyThreadStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}

async function listening(child: ChildProcess): Promise<string> {
  let output = "";
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8_000);
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const address = await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(`anvil ended with status ${child.exitCode}:\n${output}`);
      return /Listening on (127\.0\.0\.1:\d+)/.exec(output)?.[1];
    },
    { within: 20_000, what: "the local chain listens" },
  );
  child.stdout?.off("data", collect).resume();
  child.stderr?.off("data", collect).resume();
  return `http://${address}`;
}
