/** Thrown for what is not JSON, or not JSON as the caller expects it. */
export const unreadable = new Error("unreadable JSON");

/** ASCII codes of the characters JSON is made of. */
export const characters = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  listStart: 0x5b,
  backslash: 0x5c,
  listEnd: 0x5d,
  objectStart: 0x7b,
  objectEnd: 0x7d,
} as const;
const { quote, comma, listStart, backslash, listEnd, objectStart, objectEnd } = characters;

/** Values of hexadecimal digits by their ASCII code; 255 for every other byte. */
const digits = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  digits[digit.charCodeAt(0)] = value;
  digits[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Walks over JSON in UTF-8 without making values of it. Every method leaves `at` behind what it read, or throws `unreadable`.
 *
 * It reads what it is asked for strictly, but what it skips it only tells apart: a document that passes may still be no JSON.
 */
export class JsonBytes {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The first byte of what comes next. */
  peek(): number {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw unreadable;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.at++;
    }
  }

  /** Moves past a character if it comes next. */
  took(character: number): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  /** Moves past these bytes if exactly they come next. */
  tookBytes(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
    this.at = at + expected.length;
    return true;
  }

  take(character: number): void {
    if (!this.took(character)) throw unreadable;
  }

  /** Moves past a text and its quotes. @returns where its characters start; they end before `at - 1`. */
  text(): number {
    this.take(quote);
    const start = this.at;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === quote) return start;
      if (byte === undefined) throw unreadable;
      if (byte === backslash) this.at++;
    }
  }

  /** Moves past any value. */
  skip(): void {
    let depth = 0;
    do {
      const byte = this.peek();
      if (byte === quote) {
        this.text();
        continue;
      }
      const ends = byte === listEnd || byte === objectEnd;
      if (byte === listStart || byte === objectStart) depth++;
      else if (ends) depth--;
      this.at++;
      // The rest of a number or a word.
      if (depth === 0 && !ends) while (isWord(this.bytes[this.at])) this.at++;
    } while (depth > 0);
    if (depth < 0) throw unreadable;
  }

  /** Whether the characters between two places are these, which are ASCII. */
  equals(start: number, end: number, expected: string): boolean {
    if (end - start !== expected.length) return false;
    for (let i = 0; i < expected.length; i++) if (this.bytes[start + i] !== expected.charCodeAt(i)) return false;
    return true;
  }

  /** Reads a text of 0x and hexadecimal digits into `target`. @returns false where it isn't one of exactly this many bytes. */
  hex(target: Uint8Array, targetAt: number, length: number): boolean {
    this.#prefix();
    const { bytes } = this;
    let at = this.at;
    if (at + length * 2 >= bytes.length) throw unreadable;
    let all = 0;
    for (let i = targetAt; i < targetAt + length; i++, at += 2) {
      const high = digits[bytes[at] as number] as number;
      const low = digits[bytes[at + 1] as number] as number;
      all |= high | low;
      target[i] = (high << 4) | low;
    }
    this.at = at + 1;
    return all < 16 && bytes[at] === quote;
  }

  /** Bytes that a text of 0x and hexadecimal digits stands for, without moving. Half a byte where the number of digits is odd. */
  hexBytes(): number {
    if (this.peek() !== quote) throw unreadable;
    const end = this.bytes.indexOf(quote, this.at + 1);
    if (end < this.at + 3) throw unreadable;
    return (end - this.at - 3) / 2;
  }

  /** Reads a text of 0x and one to 16 hexadecimal digits; null where it isn't one. Beyond 2^53 it counts as that. */
  quantity(): number | null {
    this.#prefix();
    let value = 0;
    for (let read = 0; ; read++) {
      const byte = this.bytes[this.at++] as number;
      if (byte === quote) return read === 0 ? null : Math.min(value, Number.MAX_SAFE_INTEGER);
      const digit = digits[byte] ?? 255;
      if (digit > 15 || read === 16) return null;
      value = value * 16 + digit;
    }
  }

  #prefix(): void {
    this.take(quote);
    if (this.bytes[this.at] !== 0x30 || this.bytes[this.at + 1] !== 0x78) throw unreadable;
    this.at += 2;
  }
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && byte !== comma && byte !== listEnd && byte !== objectEnd && byte > 0x20;
}
