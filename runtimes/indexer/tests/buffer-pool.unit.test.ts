import { expect, test } from "vitest";
import { BufferPool } from "../src/buffer-pool.ts";

const kib = 1024;

test.each([0, 1, 100, 16 * kib - 1, 16 * kib, 64 * kib, 64 * kib + 1, 1024 * kib])(
  "a buffer that was given back is lent again to who takes %i bytes",
  (bytes) => {
    const pool = new BufferPool(32 * 1024 * kib);
    const first = pool.take(bytes);
    expect(first.length).toBeGreaterThanOrEqual(bytes);
    pool.giveBack(first);
    expect(pool.take(bytes)).toBe(first);
    expect(pool.take(bytes)).not.toBe(first);
  },
);

test("small buffers that are taken and given back again and again leave room for a large one", () => {
  const pool = new BufferPool(256 * kib);
  const large = pool.take(128 * kib);
  for (let i = 0; i < 1_000; i++) pool.giveBack(pool.take(100));
  pool.giveBack(large);
  expect(pool.take(128 * kib)).toBe(large);
});

test("a large buffer isn't spent on a small need, nor kept beyond the bound, nor taken back twice", () => {
  const pool = new BufferPool(1024 * kib);
  const [large, beyond] = [pool.take(1024 * kib), pool.take(1024 * kib)];
  pool.giveBack(large);
  pool.giveBack(large);
  pool.giveBack(beyond);
  pool.giveBack(Buffer.alloc(64 * kib));
  expect(pool.take(100)).not.toBe(large);
  expect(pool.take(1024 * kib)).toBe(large);
  expect([large, beyond]).not.toContain(pool.take(1024 * kib));
});
