import { keccak_256 } from "@noble/hashes/sha3.js";

/** Keccak-256 of a UTF-8 text or of bytes, as lower-case hex without 0x. */
export function keccakHex(input: string | Uint8Array): string {
  return Buffer.from(keccak_256(typeof input === "string" ? Buffer.from(input) : input)).toString("hex");
}
