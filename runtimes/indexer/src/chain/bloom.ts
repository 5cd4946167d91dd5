import { keccakHex } from "../abi/keccak.ts";

interface BloomBit {
  /** Position of the hex digit in the bloom's text, behind 0x. */
  digit: number;
  mask: number;
}

/**
 * Builds a test for the logs bloom of a block (Yellow Paper 4.4.1): false means that no log of these addresses is in the block, true that
 * there may be one.
 */
export function bloomTest(addresses: readonly string[]): (bloom: string) => boolean {
  const wanted = addresses.map(bloomBits);
  return (bloom) => wanted.some((bits) => bits.every(({ digit, mask }) => (Number.parseInt(bloom[digit] ?? "0", 16) & mask) !== 0));
}

function bloomBits(address: string): BloomBit[] {
  const hash = keccakHex(Buffer.from(address.slice(2), "hex"));
  return [0, 4, 8].map((at) => {
    const bit = Number.parseInt(hash.slice(at, at + 4), 16) & 2_047;
    return { digit: 2 + 511 - (bit >> 2), mask: 1 << (bit & 3) };
  });
}
