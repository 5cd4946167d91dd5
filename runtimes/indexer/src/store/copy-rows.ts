import type { FieldSink } from "../abi/decode.ts";
import type { Decoded } from "../abi/words.ts";
import { passingBuffers } from "../buffer-pool.ts";

const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** Longer stretches of bytes are copied by the runtime's own means, which a few bytes aren't worth. */
const shortBytes = 64;

/** Digits of PostgreSQL's numeric are of base 10,000: 2^256 has 20 of them. */
const numericBase = 10_000;
const mostNumericDigits = 20;

/** Rows in the binary format of COPY (PostgreSQL's manual, "COPY", "Binary Format"), which costs PostgreSQL half of what text does. */
export class CopyRows implements FieldSink {
  #bytes: Buffer;
  #view: DataView;
  #at: number;
  readonly #limbs = new Array<number>(8).fill(0);
  readonly #digits = new Array<number>(mostNumericDigits).fill(0);

  /** @param capacity bytes there is room for at first. */
  constructor(capacity: number) {
    this.#bytes = passingBuffers.take(capacity + signature.length + 8);
    this.#view = viewOf(this.#bytes);
    this.#at = signature.copy(this.#bytes);
    // Flags and length of a header extension: none.
    this.#int32(0);
    this.#int32(0);
  }

  /** Where the rows so far end: see `dropFrom`. */
  get end(): number {
    return this.#at;
  }

  /** Takes away what was written since `end` was this. */
  dropFrom(end: number): void {
    this.#at = end;
  }

  /** Begins a row of so many fields. */
  row(fields: number): void {
    this.#room(2);
    this.#view.setInt16(this.#at, fields);
    this.#at += 2;
  }

  null(): void {
    this.#room(4);
    this.#int32(-1);
  }

  /** @param value a whole number of 32 bits, signed: a larger one would be cut. */
  integer(value: number): void {
    this.#room(8);
    this.#int32(4);
    this.#int32(value);
  }

  /** @param value a whole number that is exact. */
  bigint(value: number): void {
    this.#room(12);
    this.#int32(8);
    const high = Math.floor(value / 2 ** 32);
    this.#int32(high);
    this.#view.setUint32(this.#at, value - high * 2 ** 32);
    this.#at += 4;
  }

  boolean(value: boolean): void {
    this.#room(5);
    this.#int32(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  hex(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.#room(4 + length);
    this.#int32(length);
    const target = this.#bytes;
    let at = this.#at;
    if (length > shortBytes) target.set(bytes.subarray(from, to), at);
    else for (let i = from; i < to; i++) target[at++] = bytes[i] as number;
    this.#at += length;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#room(4 + length);
    this.#int32(length);
    this.#at += this.#bytes.write(value, this.#at);
  }

  jsonb(value: Decoded): void {
    const text = JSON.stringify(value);
    const length = Buffer.byteLength(text);
    this.#room(5 + length);
    this.#int32(1 + length);
    // The version of jsonb's own format.
    this.#bytes[this.#at++] = 1;
    this.#at += this.#bytes.write(text, this.#at);
  }

  numeric(bytes: Uint8Array, at: number, signed: boolean): void {
    const negative = signed && (bytes[at] as number) > 127;
    const digits = this.#decimal(bytes, at, negative);
    let last = 0;
    while (last < digits && this.#digits[last] === 0) last++;
    const count = digits - last;
    this.#room(12 + count * 2);
    this.#int32(8 + count * 2);
    const view = this.#view;
    view.setInt16(this.#at, count);
    // Weight of the first digit, sign, digits behind the point.
    view.setInt16(this.#at + 2, Math.max(0, digits - 1));
    view.setInt16(this.#at + 4, negative ? 0x4000 : 0);
    view.setInt16(this.#at + 6, 0);
    this.#at += 8;
    for (let i = digits - 1; i >= last; i--, this.#at += 2) view.setInt16(this.#at, this.#digits[i] as number);
  }

  /** Ends the rows. @returns what COPY takes, until `release`. */
  finish(): Buffer {
    this.row(-1);
    return this.#bytes.subarray(0, this.#at);
  }

  /** Gives the buffer back, once COPY has taken what is in it. */
  release(): void {
    passingBuffers.giveBack(this.#bytes);
  }

  /** Writes a word's magnitude into `#digits`, the lowest first. @returns how many there are. */
  #decimal(bytes: Uint8Array, at: number, negative: boolean): number {
    const limbs = this.#limbs;
    let carry = negative ? 1 : 0;
    for (let limb = 7; limb >= 0; limb--) {
      const start = at + limb * 4;
      let value =
        (((bytes[start] as number) << 24) |
          ((bytes[start + 1] as number) << 16) |
          ((bytes[start + 2] as number) << 8) |
          (bytes[start + 3] as number)) >>>
        0;
      if (negative) {
        value = (~value >>> 0) + carry;
        carry = value === 2 ** 32 ? 1 : 0;
        if (carry) value = 0;
      }
      limbs[limb] = value;
    }
    let first = 0;
    while (first < 8 && limbs[first] === 0) first++;
    let digits = 0;
    // Long division by the base: a remainder and 32 bits behind it stay far below 2^53.
    while (first < 8) {
      let remainder = 0;
      for (let limb = first; limb < 8; limb++) {
        const value = remainder * 2 ** 32 + (limbs[limb] as number);
        const quotient = Math.floor(value / numericBase);
        limbs[limb] = quotient;
        remainder = value - quotient * numericBase;
      }
      this.#digits[digits++] = remainder;
      while (first < 8 && limbs[first] === 0) first++;
    }
    return digits;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = passingBuffers.take(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.release();
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
