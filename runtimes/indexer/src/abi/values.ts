import { type AbiType, fitsTopic, isDynamic, staticWords } from "./types.ts";
import { type Decoded, exactBytes, malformed, wordBytes, wordReader } from "./words.ts";

/** Data being read: it ends at `end`. `budget` is how many words may still be taken, so data that points twice at the same words can't grow. */
export interface Body {
  bytes: Buffer;
  end: number;
  budget: number;
}

/** Reads a value whose head is at `at`; offsets count from `base`. @throws malformed */
export type BodyReader = (body: Body, at: number, base: number) => Decoded;

/** The reader of a value of any type that is not indexed. */
export function bodyReader(type: AbiType): BodyReader {
  if (fitsTopic(type)) {
    const read = wordReader(type);
    return (body, at) => {
      take(body, at, 1);
      return read(body.bytes, at);
    };
  }
  const read = inPlaceReader(type);
  return isDynamic(type) ? (body, at, base) => read(body, dynamicStart(body, at, base), base) : read;
}

/** Where the part of a dynamic value lies that its offset points at. @throws malformed */
export function dynamicStart(body: Body, at: number, base: number): number {
  take(body, at, 1);
  return base + readSize(body.bytes, at);
}

/** Size of the bytes or text whose length word is at `at`; they follow it. @throws malformed */
export function takeBytes(body: Body, at: number): number {
  take(body, at, 1);
  const size = readSize(body.bytes, at);
  // The last word of a text may lack its padding: some compilers emitted it so.
  body.budget -= Math.floor(size / wordBytes);
  if (body.budget < 0 || at + wordBytes + size > body.end) throw malformed;
  return size;
}

/** PostgreSQL's text and jsonb hold no NUL: it becomes U+FFFD, as malformed UTF-8 does. The raw log keeps the bytes. */
export function storableText(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("utf8", from, to).replaceAll("\0", "\ufffd");
}

/** Reader of a composite, or of the part of a dynamic value that its offset points at. */
function inPlaceReader(type: AbiType): BodyReader {
  switch (type.kind) {
    case "bytes":
      return (body, at) => {
        const size = takeBytes(body, at);
        return `0x${body.bytes.toString("hex", at + wordBytes, at + wordBytes + size)}`;
      };
    case "string":
      return (body, at) => {
        const size = takeBytes(body, at);
        return storableText(body.bytes, at + wordBytes, at + wordBytes + size);
      };
    case "array": {
      const { item, length } = type;
      const read = bodyReader(item);
      const step = staticWords(item) * wordBytes;
      return (body, at) => {
        if (length === null) take(body, at, 1);
        const size = length ?? readSize(body.bytes, at);
        const first = length === null ? at + wordBytes : at;
        if (size > body.budget) throw malformed;
        const items = new Array<Decoded>(size);
        for (let i = 0; i < size; i++) items[i] = read(body, first + i * step, first);
        return items;
      };
    }
    case "tuple": {
      let offset = 0;
      const parts = type.components.map((component) => {
        const part = { name: component.name, offset, read: bodyReader(component.type) };
        offset += staticWords(component.type) * wordBytes;
        return part;
      });
      const names = new Set(parts.map(({ name }) => name));
      const named = names.size === parts.length && !names.has("");
      return (body, at) => {
        const values = parts.map((part) => part.read(body, at + part.offset, at));
        return named ? Object.fromEntries(values.map((value, i) => [parts[i]?.name ?? "", value])) : values;
      };
    }
    default:
      throw new Error(`${type.kind} is no composite`);
  }
}

function take(body: Body, at: number, words: number): void {
  body.budget -= words;
  if (body.budget < 0 || at + words * wordBytes > body.end) throw malformed;
}

/** A length or an offset; one beyond 48 bits lies outside of any data. */
function readSize(bytes: Uint8Array, at: number): number {
  let size = 0;
  for (let i = at; i < at + wordBytes; i++) {
    const byte = bytes[i] as number;
    if (i < at + wordBytes - exactBytes && byte !== 0) throw malformed;
    size = size * 256 + byte;
  }
  return size;
}
