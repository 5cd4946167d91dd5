import type { EventShape } from "./event.ts";
import { type AbiType, fitsTopic, isDynamic, staticWords } from "./types.ts";

/** A decoded value: text of a column, or a part of a JSON document. */
export type Decoded = string | number | boolean | Decoded[] | { [name: string]: Decoded };

/**
 * Reads an event's parameters from a log, in the order of the ABI.
 * @param topics with the signature first; `data` with 0x; both lower-case hex.
 * @returns null where topics or data don't encode these parameters.
 */
export type EventDecoder = (topics: readonly string[], data: string) => Decoded[] | null;

const zeros = "0".repeat(64);
const wordDigits = 64;

/** Hex digits that a JavaScript number holds exactly. */
const exactDigits = 12;

/** Thrown inside this file for malformed data; one object, since a hostile contract can make it a hot path. */
const malformed = new Error("malformed event data");

/**
 * Builds the decoder of an event once, so that a log costs only slices of its hex text.
 *
 * Integers of up to 48 bits become numbers, larger ones decimal text. Values that don't fit their type (dirty upper bits, a bool of 2)
 * are refused, since Solidity never emits them and the column could not hold them.
 */
export function compileDecoder(shape: EventShape): EventDecoder {
  let topic = 1;
  let word = 0;
  const readers = shape.parameters.map(({ type, indexed }): ((topics: readonly string[], body: Body) => Decoded) => {
    if (indexed) {
      const index = topic++;
      if (!fitsTopic(type)) return (topics) => topics[index] ?? "";
      const read = wordReader(type);
      return (topics) => read(topics[index] ?? "", 2);
    }
    const at = 2 + word * wordDigits;
    word += staticWords(type);
    if (fitsTopic(type)) {
      const read = wordReader(type);
      return (_, body) => read(body.hex, at);
    }
    const read = bodyReader(type);
    return (_, body) => read(body, at, 2);
  });
  const topicsExpected = topic;
  const leastDigits = 2 + word * wordDigits;
  const count = readers.length;

  return (topics, data) => {
    if (topics.length !== topicsExpected || data.length < leastDigits) return null;
    const body: Body = { hex: data, budget: (data.length - 2) / wordDigits };
    const values = new Array<Decoded>(count);
    try {
      for (let i = 0; i < count; i++) values[i] = (readers[i] as (typeof readers)[number])(topics, body);
    } catch (error) {
      if (error === malformed) return null;
      throw error;
    }
    return values;
  };
}

/** Data being read. `budget` is how many words may still be taken: data that points twice at the same words can't grow. */
interface Body {
  hex: string;
  budget: number;
}

type WordReader = (hex: string, at: number) => Decoded;

function wordReader(type: AbiType): WordReader {
  switch (type.kind) {
    case "uint":
      return uintReader(type.bits / 4);
    case "int":
      return intReader(type.bits);
    case "address":
      return (hex, at) => {
        if (!hex.startsWith("000000000000000000000000", at)) throw malformed;
        return `0x${hex.slice(at + 24, at + 64)}`;
      };
    case "bool":
      return (hex, at) => {
        if (!hex.startsWith(zeros.slice(1), at)) throw malformed;
        const digit = hex.charCodeAt(at + 63);
        if (digit !== 48 && digit !== 49) throw malformed;
        return digit === 49;
      };
    case "fixedBytes": {
      const digits = type.size * 2;
      const padding = zeros.slice(digits);
      return (hex, at) => {
        if (!hex.startsWith(padding, at + digits)) throw malformed;
        return `0x${hex.slice(at, at + digits)}`;
      };
    }
    default:
      throw new Error(`${type.kind} does not fit a word`);
  }
}

function uintReader(digits: number): WordReader {
  const padding = zeros.slice(digits);
  if (digits <= exactDigits) {
    return (hex, at) => {
      if (!hex.startsWith(padding, at)) throw malformed;
      return Number.parseInt(hex.slice(at + wordDigits - digits, at + wordDigits), 16);
    };
  }
  const exactPadding = zeros.slice(exactDigits);
  return (hex, at) => {
    if (hex.startsWith(exactPadding, at)) return String(Number.parseInt(hex.slice(at + wordDigits - exactDigits, at + wordDigits), 16));
    if (!hex.startsWith(padding, at)) throw malformed;
    return BigInt(`0x${hex.slice(at, at + wordDigits)}`).toString();
  };
}

function intReader(bits: number): WordReader {
  return (hex, at) => {
    const value = BigInt.asIntN(256, BigInt(`0x${hex.slice(at, at + wordDigits)}`));
    if (BigInt.asIntN(bits, value) !== value) throw malformed;
    return bits <= exactDigits * 4 ? Number(value) : value.toString();
  };
}

/** Reads a value whose head is at `at`; offsets count from `base`. Both are positions in the hex text. */
type BodyReader = (body: Body, at: number, base: number) => Decoded;

function bodyReader(type: AbiType): BodyReader {
  if (fitsTopic(type)) {
    const read = wordReader(type);
    return (body, at) => {
      take(body, at, 1);
      return read(body.hex, at);
    };
  }
  if (!isDynamic(type)) return inPlaceReader(type);
  const read = inPlaceReader(type);
  return (body, at, base) => {
    take(body, at, 1);
    return read(body, base + 2 * readSize(body.hex, at), base);
  };
}

/** Reader of a composite, or of the part of a dynamic value that its offset points at. */
function inPlaceReader(type: AbiType): BodyReader {
  switch (type.kind) {
    case "bytes":
      return (body, at) => `0x${readBytes(body, at)}`;
    case "string":
      // PostgreSQL's text and jsonb hold no NUL: it becomes U+FFFD, as malformed UTF-8 does. The raw log keeps the bytes.
      return (body, at) => Buffer.from(readBytes(body, at), "hex").toString("utf8").replaceAll("\0", "\ufffd");
    case "array": {
      const { item, length } = type;
      const read = bodyReader(item);
      const step = staticWords(item) * wordDigits;
      return (body, at) => {
        if (length === null) take(body, at, 1);
        const size = length ?? readSize(body.hex, at);
        const first = length === null ? at + wordDigits : at;
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
        offset += staticWords(component.type) * wordDigits;
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
  if (body.budget < 0 || at + words * wordDigits > body.hex.length) throw malformed;
}

function readSize(hex: string, at: number): number {
  if (!hex.startsWith(zeros.slice(exactDigits), at)) throw malformed;
  return Number.parseInt(hex.slice(at + wordDigits - exactDigits, at + wordDigits), 16);
}

function readBytes(body: Body, at: number): string {
  take(body, at, 1);
  const size = readSize(body.hex, at);
  const start = at + wordDigits;
  // The last word of a text may lack its padding: some compilers emitted it so.
  body.budget -= Math.floor(size / 32);
  if (body.budget < 0 || start + size * 2 > body.hex.length) throw malformed;
  return body.hex.slice(start, start + size * 2);
}
