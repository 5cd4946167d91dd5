import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";

/** JSON form of an ABI, as the compiler gives it. */
export type AbiJson = readonly { type: string; name?: string; inputs?: readonly unknown[] }[];

export interface CompiledContract {
  name: string;
  abi: AbiJson;
  bytecode: `0x${string}`;
}

interface CompilerOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { abi: AbiJson; evm: { bytecode: { object: string } } }>>;
}

const remembered = new Map<string, Promise<CompiledContract>>();

/** Distinct sources kept compiled in this process. */
const memory = 32;

/**
 * Compiles one Solidity source with the compiler of this build, optimised, in a child process: the compiler takes 220 MB and keeps them.
 * @param contract Its name; the last contract of the source unless told.
 * @throws with the compiler's own messages when the source doesn't compile, and after 60 seconds.
 */
export function compileContract(source: string, contract?: string): Promise<CompiledContract> {
  const key = createHash("sha256")
    .update(`${contract ?? ""}\n${source}`)
    .digest("hex");
  const known = remembered.get(key);
  if (known) return known;
  if (remembered.size >= memory) remembered.clear();
  const compiling = compile(source, contract);
  remembered.set(key, compiling);
  compiling.catch(() => remembered.delete(key));
  return compiling;
}

async function compile(source: string, contract: string | undefined): Promise<CompiledContract> {
  const output = JSON.parse(
    await runCompiler(
      JSON.stringify({
        language: "Solidity",
        sources: { "contract.sol": { content: source } },
        settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
      }),
    ),
  ) as CompilerOutput;
  const faults = (output.errors ?? []).filter((error) => error.severity === "error");
  if (faults.length > 0) throw new Error(faults.map((fault) => fault.formattedMessage).join("\n"));
  const compiled = Object.entries(output.contracts?.["contract.sol"] ?? {});
  const chosen = contract ? compiled.find(([name]) => name === contract) : compiled.at(-1);
  if (!chosen) throw new Error(contract ? `the source declares no contract ${contract}` : "the source declares no contract");
  const [name, { abi, evm }] = chosen;
  return { name, abi, bytecode: `0x${evm.bytecode.object}` };
}

function runCompiler(input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "solidity-compiler.ts")], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 60_000,
    });
    let output = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaints = (complaints + chunk).slice(-4_000);
    });
    child.once("error", reject);
    child.once("close", (status, signal) => {
      if (status === 0) resolve(output);
      else reject(new Error(`the Solidity compiler ended with ${signal ?? `status ${status}`}:\n${complaints}`));
    });
    // A compiler that dies before reading its input is told of by `close`.
    child.stdin.on("error", () => undefined).end(input);
  });
}
