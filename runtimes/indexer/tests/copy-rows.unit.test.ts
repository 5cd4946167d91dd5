import fc from "fast-check";
import { expect, test } from "vitest";
import { CopyRows } from "../src/store/copy-rows.ts";

const headerBytes = 19;

/** The fields of the only row: their bytes. */
function fieldsOf(rows: CopyRows): (Buffer | null)[] {
  const bytes = rows.finish();
  expect(bytes.readInt16BE(bytes.length - 2)).toBe(-1);
  const fields: (Buffer | null)[] = [];
  let at = headerBytes + 2;
  for (let left = bytes.readInt16BE(headerBytes); left > 0; left--) {
    const length = bytes.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : bytes.subarray(at, at + length));
    at += Math.max(0, length);
  }
  expect(at).toBe(bytes.length - 2);
  return fields;
}

/** Value of a numeric field, read as PostgreSQL's manual describes it. */
function numericValue(field: Buffer): bigint {
  const [count, weight, sign, scale] = [field.readInt16BE(0), field.readInt16BE(2), field.readUInt16BE(4), field.readInt16BE(6)];
  expect([field.length, scale]).toEqual([8 + count * 2, 0]);
  let value = 0n;
  for (let i = 0; i < count; i++) value += BigInt(field.readInt16BE(8 + i * 2)) * 10_000n ** BigInt(weight - i);
  return sign === 0x4000 ? -value : value;
}

const word = (value: bigint) => Buffer.from(BigInt.asUintN(256, value).toString(16).padStart(64, "0"), "hex");

test("numeric holds every integer of 256 bits", () => {
  const check = (value: bigint, signed: boolean) => {
    const rows = new CopyRows(0);
    rows.row(1);
    rows.numeric(word(value), 0, signed);
    expect(numericValue(fieldsOf(rows)[0] as Buffer)).toBe(value);
  };
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat(255), (value, shift) => {
      check(value >> BigInt(shift), false);
      check(BigInt.asIntN(256, value) >> BigInt(shift), true);
    }),
    { numRuns: 1_000 },
  );
  for (const value of [0n, 1n, 9_999n, 10_000n, 10n ** 18n, 10n ** 76n, 2n ** 32n, 2n ** 64n, 2n ** 255n - 1n]) {
    check(value, false);
    check(value, true);
    check(-value, true);
  }
  check(-(2n ** 255n), true);
  check(2n ** 256n - 1n, false);
});

test("fields stay whole while the buffer grows, and a row can be taken back", () => {
  const rows = new CopyRows(0);
  rows.row(8);
  rows.bigint(-(2 ** 47));
  rows.bigint(Number.MAX_SAFE_INTEGER);
  rows.integer(-8_388_608);
  rows.boolean(true);
  rows.null();
  rows.hex(Buffer.from("00112233445566", "hex"), 1, 4);
  rows.hex(Buffer.alloc(10_000, 7), 0, 10_000);
  rows.text("ünï\\\t🦉");
  const { end } = rows;
  rows.row(1);
  rows.jsonb({ a: ["1", true] });
  rows.dropFrom(end);
  const [low, high, negative, yes, nothing, few, many, text] = fieldsOf(rows);
  expect([low?.readBigInt64BE(), high?.readBigInt64BE()]).toEqual([-(2n ** 47n), BigInt(Number.MAX_SAFE_INTEGER)]);
  expect([negative?.readInt32BE(), yes?.[0], nothing, few?.toString("hex")]).toEqual([-8_388_608, 1, null, "112233"]);
  expect([many?.length, many?.every((byte) => byte === 7), text?.toString()]).toEqual([10_000, true, "ünï\\\t🦉"]);
});
