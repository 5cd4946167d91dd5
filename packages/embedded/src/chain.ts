import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { chainStateFiles, keepCopy, repairChainState } from "./chain-state.ts";
import { rememberedPort } from "./remembered-port.ts";
import type { Service } from "./service.ts";

export const localChainId = 31_337;

/** Seconds between blocks while nobody sends a transaction; a transaction is mined at once. */
const blockTime = 12;
/** Seconds between writes of the state, the most a kill can lose. */
const stateInterval = 20;
/** Blocks whose state can still be asked for; the blocks themselves, and their logs, all stay. */
const statesInMemory = 256;

export interface EmbeddedChain {
  service: Service;
  rpcUrl: string;
  chainId: number;
  /** Keeps whole copies of the state from now on, as long as this process lives. */
  keepCopies(): void;
}

export interface ChainOptions {
  /** The chain's state lies here. */
  directory: string;
  report(line: string): void;
}

/** Prepares the local EVM chain on 127.0.0.1, with anvil's ten funded accounts. Nothing runs until a supervisor starts `service`. */
export async function prepareChain({ directory, report }: ChainOptions): Promise<EmbeddedChain> {
  const root = resolve(directory);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const program = anvilProgram();
  const files = chainStateFiles(root);
  const port = await rememberedPort(join(root, "port"), "the local chain", report);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const service: Service = {
    name: "chain",
    command: () => {
      repairChainState(files, report);
      return {
        program,
        args: [
          ...["--host", "127.0.0.1", "--port", String(port), "--chain-id", String(localChainId), "--quiet"],
          ...["--state", files.current, "--state-interval", String(stateInterval), "--prune-history", String(statesInMemory)],
          ...["--mixed-mining", "--block-time", String(blockTime)],
        ],
        // anvil keeps a cache in the home directory.
        env: { HOME: root },
        cwd: root,
        tether: { signal: "TERM" },
      };
    },
    ready: () => isLocalChain(rpcUrl),
    readyWithin: 60_000,
    // Writes its state before it ends.
    stopSignal: "SIGTERM",
    stopWithin: 20_000,
    firstAttempts: 3,
  };
  const keepCopies = () => void setInterval(() => keepCopy(files), stateInterval * 1_000).unref();
  return { service, rpcUrl, chainId: localChainId, keepCopies };
}

async function isLocalChain(rpcUrl: string): Promise<void> {
  const response = await fetch(rpcUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal: AbortSignal.timeout(2_000),
  });
  const { result } = (await response.json()) as { result?: string };
  if (Number(result) !== localChainId) throw new Error(`${rpcUrl} says it is chain ${result}, not ${localChainId}`);
}

/** anvil's program for this platform, taken from its own package: the wrapper's install script isn't needed. */
function anvilProgram(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${architecture}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json");
    const manifest = createRequire(wrapper).resolve(`${name}/package.json`);
    return join(dirname(manifest), "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
  } catch (cause) {
    throw new Error(`The local chain isn't installed for this platform (${name}). Install again without --omit=optional.`, { cause });
  }
}
