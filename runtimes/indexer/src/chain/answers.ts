import type { Header } from "./types.ts";

/** An answer that isn't what the method promises. The endpoint that gave it counts as failed. */
export class MalformedAnswer extends Error {
  constructor(what: string) {
    super(`malformed answer: ${what}`);
    this.name = "MalformedAnswer";
  }
}

const hash = /^0x[0-9a-f]{64}$/;
const quantity = /^0x[0-9a-fA-F]{1,16}$/;
const bloom = /^0x[0-9a-f]{512}$/;

/** A hex quantity. Times beyond 2^53 seconds, which test chains can be set to, count as that. */
export function readQuantity(value: unknown, what: string): number {
  if (typeof value !== "string" || !quantity.test(value)) throw new MalformedAnswer(`${what} is no quantity`);
  return Math.min(Number.parseInt(value, 16), Number.MAX_SAFE_INTEGER);
}

function readHex(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value === "string") {
    if (pattern.test(value)) return value;
    const lower = value.toLowerCase();
    if (pattern.test(lower)) return lower;
  }
  throw new MalformedAnswer(`${what} is not the hex it should be`);
}

/** A block without its transactions; null where the node has no such block. */
export function readHeader(value: unknown): Header | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") throw new MalformedAnswer("the block is no object");
  const block = value as Record<string, unknown>;
  return {
    number: readQuantity(block.number, "block.number"),
    hash: readHex(block.hash, hash, "block.hash"),
    parentHash: readHex(block.parentHash, hash, "block.parentHash"),
    timestamp: readQuantity(block.timestamp, "block.timestamp"),
    bloom: typeof block.logsBloom === "string" ? meaningfulBloom(block.logsBloom.toLowerCase()) : null,
  };
}

/** Some chains fill the bloom with ones: it then says nothing. */
function meaningfulBloom(value: string): string | null {
  return bloom.test(value) && !/^0xf+$/.test(value) ? value : null;
}
