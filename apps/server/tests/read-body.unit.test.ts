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
          const held = budget.open("10.0.0.1");
          const read = readBody(sent(pieces, announced), held, limit, tooLarge);
          if (whole.byteLength > limit && (announced ? whole.byteLength > 0 : true))
            await expect(read).rejects.toMatchObject({ code: "payload_too_large" });
          else expect(Buffer.from(await read).equals(whole)).toBe(true);
          held.release();
        },
      ),
    );
    // All of it was given back.
    expect(() => budget.open("10.0.0.1").hold(small + 256 * 1024)).not.toThrow();
  });

  test("has its first 16 KiB free, and beyond them what all bodies together leave", () => {
    const budget = new BodyBudget(100);
    for (const other of ["10.0.0.3", "10.0.0.4", "10.0.0.5"]) budget.open(other).hold(small + 25);
    const [first, second] = [budget.open("10.0.0.1"), budget.open("10.0.0.2")];
    first.hold(small + 15);
    expect(() => second.hold(small + 11)).toThrow(expect.objectContaining({ code: "unavailable", retryAfterSeconds: 2 }));
    second.hold(small);
    second.hold(small + 10);
    expect(() => first.hold(small + 16)).toThrow();
    second.release();
    second.release();
    first.hold(small + 25);
    expect(() => second.hold(small + 1)).toThrow();
  });

  test("takes with the others of its address no more than a quarter of what there is for all", () => {
    const budget = new BodyBudget(100);
    const bodies = Array.from({ length: 3 }, (_, at) => budget.open(`2001:db8::${at}`));
    bodies[0]?.hold(small + 20);
    expect(() => bodies[1]?.hold(small + 6)).toThrow(expect.objectContaining({ code: "unavailable" }));
    bodies[1]?.hold(small + 5);
    budget.open("10.0.0.1").hold(small + 25);
    bodies[0]?.release();
    bodies[2]?.hold(small + 20);
    expect(() => budget.open(null).hold(small + 26)).toThrow();
    budget.open(null).hold(small + 25);
  });

  test("in pieces of a byte takes little more room than its bytes", async () => {
    const before = process.memoryUsage();
    const pieces = (function* () {
      for (let at = 0; at < 400_000; at += 1) yield new Uint8Array(1);
    })();
    const request = { headers: new Headers(), body: pieces } as unknown as Request;
    const read = await readBody(request, new BodyBudget(4 * 1024 * 1024).open(null), 1024 * 1024, tooLarge);
    const after = process.memoryUsage();
    expect(read.byteLength).toBe(400_000);
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(64 * 1024 * 1024);
  });
});
