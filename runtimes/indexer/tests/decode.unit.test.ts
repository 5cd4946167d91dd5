import fc from "fast-check";
import { type AbiParameter, encodeAbiParameters, toEventSelector } from "viem";
import { expect, test } from "vitest";
import { compileDecoder, type FieldSink } from "../src/abi/decode.ts";
import { readEvents } from "../src/abi/event.ts";
import { encodable } from "./encodable.ts";

interface Sample {
  parameter: AbiParameter;
  value: unknown;
}

const hexOf = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const bits = fc.integer({ min: 1, max: 32 }).map((n) => n * 8);
const name = fc.constantFrom("a", "b", "label", "__proto__");

const sample: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    bits.chain((n) =>
      fc.bigInt({ min: 0n, max: 2n ** BigInt(n) - 1n }).map((value) => ({ parameter: { name: "x", type: `uint${n}` }, value })),
    ),
    bits.chain((n) =>
      fc
        .bigInt({ min: -(2n ** BigInt(n - 1)), max: 2n ** BigInt(n - 1) - 1n })
        .map((value) => ({ parameter: { name: "x", type: `int${n}` }, value })),
    ),
    fc.boolean().map((value) => ({ parameter: { name: "x", type: "bool" }, value })),
    hexOf(20).map((value) => ({ parameter: { name: "x", type: "address" }, value })),
    fc
      .integer({ min: 1, max: 32 })
      .chain((size) => hexOf(size).map((value) => ({ parameter: { name: "x", type: `bytes${size}` }, value }))),
    hexOf(24).map((value) => ({ parameter: { name: "x", type: "function" }, value })),
    fc
      .uint8Array({ maxLength: 70 })
      .map((bytes) => ({ parameter: { name: "x", type: "bytes" }, value: `0x${Buffer.from(bytes).toString("hex")}` })),
    fc.string({ unit: "grapheme", maxLength: 40 }).map((value) => ({ parameter: { name: "x", type: "string" }, value })),
    fc.tuple(tie("sample"), fc.integer({ min: 0, max: 3 }), fc.boolean()).map(([{ parameter, value }, size, dynamic]) => ({
      parameter: { ...parameter, type: `${parameter.type}[${dynamic ? "" : Math.max(1, size)}]` },
      value: Array(dynamic ? size : Math.max(1, size)).fill(value),
    })),
    fc.tuple(fc.array(tie("sample"), { minLength: 1, maxLength: 3 }), fc.array(name, { minLength: 3, maxLength: 3 })).map(([parts]) => ({
      parameter: {
        name: "x",
        type: "tuple",
        components: parts.map(({ parameter }, i) => ({ ...parameter, name: `p${i}` })),
      } as AbiParameter,
      value: Object.fromEntries(parts.map(({ value }, i) => [`p${i}`, value])),
    })),
  ),
})).sample;

/** What the decoder is to make of a value of a type. */
function expected({ type, ...rest }: AbiParameter, value: unknown): unknown {
  const array = /^(.+)\[\d*\]$/.exec(type);
  if (array) return (value as unknown[]).map((item) => expected({ ...rest, type: array[1] as string } as AbiParameter, item));
  if (type === "tuple") {
    const { components } = rest as unknown as { components: AbiParameter[] };
    return Object.fromEntries(
      components.map((component) => [component.name, expected(component, (value as Record<string, unknown>)[component.name ?? ""])]),
    );
  }
  const integer = /^u?int(\d+)$/.exec(type);
  if (integer) return Number(integer[1]) <= 48 ? Number(value) : String(value);
  return typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
}

/** Keeps the values it is handed as the JSON of an answer would show them. */
class Collected implements FieldSink {
  readonly values: unknown[] = [];
  integer = (value: number) => this.values.push(value);
  bigint = (value: number) => this.values.push(value);
  boolean = (value: boolean) => this.values.push(value);
  text = (value: string) => this.values.push(value);
  jsonb = (value: unknown) => this.values.push(value);
  hex = (bytes: Uint8Array, from: number, to: number) => this.values.push(`0x${Buffer.from(bytes.subarray(from, to)).toString("hex")}`);
  numeric(bytes: Uint8Array, at: number, signed: boolean) {
    const word = BigInt(`0x${Buffer.from(bytes.subarray(at, at + 32)).toString("hex")}`);
    this.values.push(String(signed ? BigInt.asIntN(256, word) : word));
  }
}

const decoderOf = (inputs: AbiParameter[]) => {
  const [shape] = readEvents("0x", [{ type: "event", name: "Sample", inputs: inputs as never }]);
  if (!shape) throw new Error("no event");
  const decoder = compileDecoder(shape);
  const decode = (topics: string[], data: string): unknown[] | null => {
    const parts = [...topics, data].map((hex) => Buffer.from(hex.slice(2), "hex"));
    const dataAt = topics.length * 32;
    // What lies behind the data is another log's: a decoder that reads on would find something there.
    const bytes = Buffer.concat([...parts, Buffer.alloc(64, 1)]);
    const fields = new Collected();
    const event = { bytes, topicsAt: 0, topicCount: topics.length, dataAt, dataEnd: bytes.length - 64 };
    return decoder(event, fields) ? fields.values : null;
  };
  return { shape, decode };
};

test("what viem encodes is decoded to the same values, for any nesting of types", () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 4 }), (samples) => {
      const inputs = samples.map(({ parameter }) => parameter);
      const { shape, decode } = decoderOf(inputs);
      expect(shape.topic0).toBe(
        toEventSelector({ type: "event", name: "Sample", inputs: inputs.map((input) => ({ ...input, indexed: false })) }),
      );
      const data = encodeAbiParameters(inputs.map(encodable), samples.map(({ value }) => value) as never);
      expect(decode([shape.topic0], data)).toEqual(samples.map(({ parameter, value }) => expected(parameter, value)));
    }),
    { numRuns: 400 },
  );
});

test("data that was cut, or is noise, is refused or decoded, never an exception and never more than it is large", () => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 3 }), fc.uint8Array({ maxLength: 300 }), fc.nat(200), (samples, noise, cut) => {
      const { shape, decode } = decoderOf(samples.map(({ parameter }) => parameter));
      const data = encodeAbiParameters(
        samples.map(({ parameter }) => encodable(parameter)),
        samples.map(({ value }) => value) as never,
      );
      for (const hostile of [data.slice(0, 2 + (cut - (cut % 2))), `0x${Buffer.from(noise).toString("hex")}`])
        decode([shape.topic0], hostile);
    }),
    { numRuns: 400 },
  );
  // Each of 200 inner arrays points at the same 200 words: 40,000 values out of 400 words.
  const word = (n: number) => n.toString(16).padStart(64, "0");
  const { shape, decode } = decoderOf([{ name: "x", type: "uint256[][]" }]);
  const bomb = `0x${word(32)}${word(200)}${word(200 * 32).repeat(200)}${word(199)}${word(1).repeat(199)}`;
  expect(decode([shape.topic0], bomb)).toBeNull();
});

test("values that don't fit their type are refused", () => {
  const dirty = `0x${"f".repeat(64)}`;
  for (const type of ["uint8", "address", "bool", "bytes4", "function", "uint128"]) {
    const { shape, decode } = decoderOf([{ name: "x", type }]);
    expect(decode([shape.topic0], dirty), type).toBeNull();
  }
  const { shape, decode } = decoderOf([{ name: "x", type: "uint256" }]);
  expect(decode([shape.topic0, dirty], dirty)).toBeNull();
});
