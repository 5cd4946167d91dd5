import type { EventShape } from "./event.ts";
import { type AbiType, fitsTopic, staticWords } from "./types.ts";
import { type Body, bodyReader, dynamicStart, storableText, takeBytes } from "./values.ts";
import { bytesWithin, type Decoded, exactBytes, malformed, smallInteger, wordBytes, wordCheck } from "./words.ts";

/** A log's topics, one after the other from `topicsAt` on, and its data from `dataAt` to `dataEnd`, as places in `bytes`. */
export interface EncodedEvent {
  bytes: Buffer;
  topicsAt: number;
  topicCount: number;
  dataAt: number;
  dataEnd: number;
}

/** Takes an event's values one after the other. Names are the columns' types, see `eventColumnType`. */
export interface FieldSink {
  integer(value: number): void;
  bigint(value: number): void;
  /** A 256-bit word, in two's complement where signed. */
  numeric(bytes: Uint8Array, at: number, signed: boolean): void;
  boolean(value: boolean): void;
  hex(bytes: Uint8Array, from: number, to: number): void;
  text(value: string): void;
  jsonb(value: Decoded): void;
}

/**
 * Reads an event's parameters from a log, in the order of the ABI, and hands them to a sink.
 * @returns false where topics or data don't encode these parameters; the sink may then have got some of them.
 */
export type EventDecoder = (event: EncodedEvent, fields: FieldSink) => boolean;

/** What the column of a parameter holds: how its values are handed to a sink. */
export type EventColumnType = "integer" | "bigint" | "numeric" | "boolean" | "hex" | "text" | "jsonb";

/** The column type of a parameter. `integer` and `bigint` always fit a JSON number. */
export function eventColumnType(type: AbiType, indexed: boolean): EventColumnType {
  if (indexed && !fitsTopic(type)) return "hex";
  switch (type.kind) {
    case "uint":
      return type.bits <= 24 ? "integer" : type.bits <= exactBytes * 8 ? "bigint" : "numeric";
    case "int":
      return type.bits <= 32 ? "integer" : type.bits <= exactBytes * 8 ? "bigint" : "numeric";
    case "bool":
      return "boolean";
    case "address":
    case "fixedBytes":
    case "function":
    case "bytes":
      return "hex";
    case "string":
      return "text";
    default:
      return "jsonb";
  }
}

/** Builds the decoder of an event once, so that a log costs only a walk over its bytes. */
export function compileDecoder(shape: EventShape): EventDecoder {
  let topic = 1;
  let word = 0;
  const parameters = shape.parameters.map(({ type, indexed }) => {
    if (indexed) return { indexed, offset: topic++ * wordBytes, write: topicWriter(type) };
    const offset = word * wordBytes;
    word += staticWords(type);
    return { indexed, offset, write: bodyWriter(type) };
  });
  const topicsExpected = topic;
  const leastBytes = word * wordBytes;

  return (event, fields) => {
    const { bytes, dataAt, dataEnd } = event;
    if (event.topicCount !== topicsExpected || dataEnd - dataAt < leastBytes) return false;
    const body: Body = { bytes, end: dataEnd, budget: (dataEnd - dataAt) / wordBytes };
    try {
      for (const { indexed, offset, write } of parameters) write(body, (indexed ? event.topicsAt : dataAt) + offset, dataAt, fields);
    } catch (error) {
      if (error === malformed) return false;
      throw error;
    }
    return true;
  };
}

/** Writes the value whose head is at `at`. @throws malformed */
type FieldWriter = (body: Body, at: number, base: number, fields: FieldSink) => void;

function topicWriter(type: AbiType): FieldWriter {
  return fitsTopic(type) ? wordWriter(type) : ({ bytes }, at, _, fields) => fields.hex(bytes, at, at + wordBytes);
}

function bodyWriter(type: AbiType): FieldWriter {
  if (fitsTopic(type)) return wordWriter(type);
  if (type.kind === "bytes") {
    return (body, at, base, fields) => {
      const start = dynamicStart(body, at, base);
      const size = takeBytes(body, start);
      fields.hex(body.bytes, start + wordBytes, start + wordBytes + size);
    };
  }
  if (type.kind === "string") {
    return (body, at, base, fields) => {
      const start = dynamicStart(body, at, base);
      const size = takeBytes(body, start);
      fields.text(storableText(body.bytes, start + wordBytes, start + wordBytes + size));
    };
  }
  const read = bodyReader(type);
  return (body, at, base, fields) => fields.jsonb(read(body, at, base));
}

function wordWriter(type: AbiType): FieldWriter {
  const check = wordCheck(type);
  const column = eventColumnType(type, false);
  switch (column) {
    case "integer":
    case "bigint":
      return ({ bytes }, at, _, fields) => {
        check(bytes, at);
        fields[column](smallInteger(bytes, at));
      };
    case "numeric": {
      const signed = type.kind === "int";
      return ({ bytes }, at, _, fields) => {
        check(bytes, at);
        fields.numeric(bytes, at, signed);
      };
    }
    case "boolean":
      return ({ bytes }, at, _, fields) => {
        check(bytes, at);
        fields.boolean(bytes[at + 31] === 1);
      };
    default: {
      const [from, to] = bytesWithin(type);
      return ({ bytes }, at, _, fields) => {
        check(bytes, at);
        fields.hex(bytes, at + from, at + to);
      };
    }
  }
}
