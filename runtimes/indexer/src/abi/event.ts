import { UnworkableConfiguration } from "../exit.ts";
import { keccakHex } from "./keccak.ts";
import { type AbiType, canonicalType, type JsonAbiParameter, parseAbiType } from "./types.ts";

export interface EventParameter {
  /** As in the ABI; empty where it is unnamed. */
  name: string;
  type: AbiType;
  indexed: boolean;
}

/** An event declaration. Contracts that declare the same one share it, and with it a table. */
export interface EventShape {
  name: string;
  /** Such as `Transfer(address,address,uint256)`. */
  signature: string;
  /** Keccak-256 of the signature with 0x: what a log of it has as first topic. */
  topic0: string;
  parameters: EventParameter[];
  /** Equal exactly where signature, indexed flags and names of parameters are equal. */
  key: string;
}

/**
 * The events a contract's ABI declares, each once. Anonymous events have no topic to be told by: their logs stay raw.
 * @throws UnworkableConfiguration naming contract, event and what can't be read.
 */
export function readEvents(address: string, abi: { type: string; [field: string]: unknown }[]): EventShape[] {
  const shapes = new Map<string, EventShape>();
  for (const entry of abi) {
    if (entry.type !== "event" || entry.anonymous === true) continue;
    const where = `contract ${address}, event ${typeof entry.name === "string" ? entry.name.slice(0, 64) : "without a name"}`;
    if (typeof entry.name !== "string" || entry.name === "") throw new UnworkableConfiguration(`${where}: name it in the ABI`);
    let shape: EventShape;
    try {
      shape = readEvent(entry.name, Array.isArray(entry.inputs) ? entry.inputs : []);
    } catch (error) {
      throw new UnworkableConfiguration(`${where}: ${error instanceof Error ? error.message : String(error)}; correct the ABI`);
    }
    // A log can be told by its first topic and the number of topics only, so the first declaration of the two wins.
    const told = `${shape.topic0}${topicCount(shape)}`;
    if (!shapes.has(told)) shapes.set(told, shape);
  }
  return [...shapes.values()];
}

/** Topics a log of this event has, the signature's included. */
export function topicCount(shape: EventShape): number {
  return 1 + shape.parameters.filter(({ indexed }) => indexed).length;
}

function readEvent(name: string, inputs: JsonAbiParameter[]): EventShape {
  const parameters = inputs.map((input) => ({
    name: typeof input?.name === "string" ? input.name : "",
    type: parseAbiType(input ?? {}),
    indexed: input?.indexed === true,
  }));
  if (parameters.filter(({ indexed }) => indexed).length > 3) throw new Error("more than 3 parameters are indexed");
  const signature = `${name}(${parameters.map(({ type }) => canonicalType(type)).join(",")})`;
  return { name, signature, topic0: `0x${keccakHex(signature)}`, parameters, key: JSON.stringify([signature, parameters]) };
}
