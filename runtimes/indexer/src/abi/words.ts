import type { AbiType } from "./types.ts";

/** A decoded value as it stands in a JSON document: whole numbers above 48 bits as decimal text. */
export type Decoded = string | number | boolean | Decoded[] | { [name: string]: Decoded };

export const wordBytes = 32;

/** Bytes whose whole numbers a JavaScript number holds exactly. */
export const exactBytes = 6;

/** Thrown by the readers for malformed data; one object, since a hostile contract can make it a hot path. */
export const malformed = new Error("malformed event data");

/**
 * Refuses a word that doesn't fit its type (dirty upper bits, a bool of 2): Solidity never emits one and the column could not hold it.
 * The word at `at` must lie within `bytes`.
 */
export type WordCheck = (bytes: Uint8Array, at: number) => void;

/** The check of a type that stands in one word. */
export function wordCheck(type: AbiType): WordCheck {
  switch (type.kind) {
    case "uint": {
      const padding = wordBytes - type.bits / 8;
      return (bytes, at) => assertFilled(bytes, at, at + padding, 0);
    }
    case "int": {
      const padding = wordBytes - type.bits / 8;
      return (bytes, at) => assertFilled(bytes, at, at + padding, (bytes[at + padding] as number) > 127 ? 255 : 0);
    }
    case "address":
      return (bytes, at) => assertFilled(bytes, at, at + 12, 0);
    case "bool":
      return (bytes, at) => {
        assertFilled(bytes, at, at + 31, 0);
        if ((bytes[at + 31] as number) > 1) throw malformed;
      };
    case "fixedBytes":
    case "function":
      return (bytes, at) => assertFilled(bytes, at + type.size, at + wordBytes, 0);
    default:
      throw new Error(`${type.kind} does not fit a word`);
  }
}

function assertFilled(bytes: Uint8Array, from: number, to: number, value: number): void {
  for (let i = from; i < to; i++) if (bytes[i] !== value) throw malformed;
}

/** The word at `at` as a number: an integer of at most 48 bits that was checked, or a bool. */
export function smallInteger(bytes: Uint8Array, at: number): number {
  let value = (bytes[at] as number) > 127 ? -1 : 0;
  for (let i = at + wordBytes - exactBytes; i < at + wordBytes; i++) value = value * 256 + (bytes[i] as number);
  return value;
}

/** Where the bytes of a checked `address`, `bytesN` or `function` lie within its word: from, to. */
export function bytesWithin(type: AbiType): [number, number] {
  return type.kind === "fixedBytes" || type.kind === "function" ? [0, type.size] : [12, wordBytes];
}

/** Checks and reads a word into a JSON value. @throws malformed */
export function wordReader(type: AbiType): (bytes: Buffer, at: number) => Decoded {
  const check = wordCheck(type);
  const read = checkedReader(type);
  return (bytes, at) => {
    check(bytes, at);
    return read(bytes, at);
  };
}

function checkedReader(type: AbiType): (bytes: Buffer, at: number) => Decoded {
  if (type.kind === "bool") return (bytes, at) => bytes[at + 31] === 1;
  if (type.kind === "uint" || type.kind === "int") {
    if (type.bits <= exactBytes * 8) return smallInteger;
    const signed = type.kind === "int";
    return (bytes, at) => {
      const value = BigInt(`0x${bytes.toString("hex", at, at + wordBytes)}`);
      return (signed ? BigInt.asIntN(256, value) : value).toString();
    };
  }
  const [from, to] = bytesWithin(type);
  return (bytes, at) => `0x${bytes.toString("hex", at + from, at + to)}`;
}
