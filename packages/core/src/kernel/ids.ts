import { randomBytes } from "node:crypto";
import { type IdKind, idPrefixes } from "@obelisk/schemas/primitives";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** Encodes the low `digits` × 5 bits of a number in Crockford's base 32. */
function encode(value: bigint, digits: number): string {
  let text = "";
  for (let rest = value, left = digits; left > 0; left -= 1, rest >>= 5n) text = alphabet[Number(rest & 31n)] + text;
  return text;
}

let pool = Buffer.alloc(0);

/** Random bytes from a supply: asking the system each time costs fifty times as much. */
function random(count: number): Buffer {
  if (pool.length < count) pool = randomBytes(4_096);
  const taken = pool.subarray(0, count);
  pool = pool.subarray(count);
  return taken;
}

let lastMillisecond = 0;
let lastRandom = 0n;

/**
 * A new id such as `dep_01jd3v…`: the kind's prefix, 48 bits of milliseconds since 1970, 80 random bits.
 * Ids made by one process sort in the order they were made, also within a millisecond (the random part is then counted up).
 */
export function newId(kind: IdKind): string {
  const now = Date.now();
  if (now > lastMillisecond) {
    lastMillisecond = now;
    // The top bit stays clear so that counting up within a millisecond can't overflow.
    lastRandom = BigInt(`0x${random(10).toString("hex")}`) >> 1n;
  } else {
    lastRandom += 1n + BigInt(random(2).readUInt16BE());
  }
  return `${idPrefixes[kind]}_${encode(BigInt(lastMillisecond), 10)}${encode(lastRandom, 16)}`;
}

/** Random lower-case letters and digits, five bits each, for names that must not be guessed or collide. */
export function randomSuffix(length: number): string {
  return Array.from(random(length), (byte) => alphabet[byte & 31]).join("");
}
