import { readFileSync } from "node:fs";
import { abiSchema } from "@obelisk/schemas/abi";
import { InvalidArgumentError } from "commander";
import type { z } from "zod";

export interface ContractArgument {
  address: string;
  abi: z.output<typeof abiSchema>;
  startBlock: number;
}

const form = "Write ADDRESS=ABI-FILE[@START-BLOCK], such as 0x5FbD…0aa3=./out/Token.json@120.";

/**
 * Reads `0x…=abi.json[@startBlock]`. The file holds an ABI, or a compiler's artifact with an `abi` in it.
 * @throws InvalidArgumentError naming what is wrong with the argument or the file.
 */
export function parseContract(text: string): ContractArgument {
  const match = /^(0x[0-9a-fA-F]{40})=(.+?)(?:@(\d{1,15}))?$/.exec(text);
  const [, address, path, startBlock] = match ?? [];
  if (!address || !path) throw new InvalidArgumentError(form);
  const content = readAbi(path);
  const parsed = abiSchema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".");
    const why = where
      ? `${where}: ${issue?.message}`
      : Array.isArray(content)
        ? issue?.message
        : "expected a JSON array, or an artifact with an abi in it";
    throw new InvalidArgumentError(`${path} holds no usable ABI: ${why}`);
  }
  return { address, abi: parsed.data, startBlock: Number(startBlock ?? 0) };
}

function readAbi(path: string): unknown {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "is not JSON" : "can't be read";
    throw new InvalidArgumentError(`${path} ${reason} (${(error as Error).message}). ${form}`);
  }
  return content !== null && typeof content === "object" && "abi" in content ? content.abi : content;
}
