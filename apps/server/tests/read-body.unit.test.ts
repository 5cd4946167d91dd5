import { ObeliskError } from "@obelisk/core/kernel/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyBudget, readBody } from "../src/http/read-body.ts";

const small = 16 * 1024;
const tooLarge = () => new ObeliskError("payload_too_large", "Too large.");

/** A request whose body comes in these pieces, and says how long it is or not. */
function sent(pieces: Uint8Array[], announced: boolean): Request {
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const body = ReadableStream.from(pieces) as ReadableStream<Uint8Array>;
  return new Request("http://x/", {
    method: "POST",
    body,
    duplex: "half",
    headers: announced ? { "content-length": String(length) } : {},
  } as RequestInit);
}

describe("a body", () => {
  test("is read as it was sent, in whatever pieces it comes, or refused as too large", async () => {
    const budget = new BodyBudget(1024 * 1024);
    const piece = fc
      .uint8Array({ maxLength: 200 })
      .chain((bytes) => fc.integer({ min: 1, max: 300 }).map((times) => Buffer.concat(Array(times).fill(bytes))));
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 6 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 100_000 }),
        async (pieces, announced, limit) => {
          const whole = Buffer.concat(pieces);
          const held = budget.open();
          const read = readBody(sent(pieces, announced), held, limit, tooLarge);
          if (whole.byteLength > limit && (announced ? whole.byteLength > 0 : true))
            await expect(read).rejects.toMatchObject({ code: "payload_too_large" });
          else expect(Buffer.from(await read).equals(whole)).toBe(true);
          held.release();
        },
      ),
    );
    // All of it was given back.
    expect(() => budget.open().hold(small + 1024 * 1024)).not.toThrow();
  });

  test("has its first 16 KiB free, and beyond them what all bodies together leave", () => {
    const budget = new BodyBudget(100);
    const [first, second] = [budget.open(), budget.open()];
    first.hold(small + 60);
    expect(() => second.hold(small + 41)).toThrow(expect.objectContaining({ code: "unavailable", retryAfterSeconds: 2 }));
    second.hold(small);
    second.hold(small + 40);
    expect(() => first.hold(small + 61)).toThrow();
    second.release();
    second.release();
    first.hold(small + 100);
    expect(() => second.hold(small + 1)).toThrow();
  });

  test("in pieces of a byte takes little more room than its bytes", async () => {
    const before = process.memoryUsage();
    const pieces = (function* () {
      for (let at = 0; at < 400_000; at += 1) yield new Uint8Array(1);
    })();
    const request = { headers: new Headers(), body: pieces } as unknown as Request;
    const read = await readBody(request, new BodyBudget(1024 * 1024).open(), 1024 * 1024, tooLarge);
    const after = process.memoryUsage();
    expect(read.byteLength).toBe(400_000);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024);
  });
});
