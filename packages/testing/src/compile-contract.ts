import { compileContract as compile } from "@obelisk/embedded/compile-contract";
import type { Abi, Hex } from "viem";

/** Compiles a Solidity source; see `@obelisk/embedded/compile-contract`. The ABI is typed for viem. */
export async function compileContract(source: string, contract?: string): Promise<{ name: string; abi: Abi; bytecode: Hex }> {
  const compiled = await compile(source, contract);
  return { ...compiled, abi: compiled.abi as Abi };
}
