import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogBatch } from "../src/chain/log-batch.ts";
import { hashBytes, inChainOrder, logParts, unknownTime } from "../src/chain/log-batch.ts";
import { scanLogs } from "../src/chain/log-scan.ts";

const hexOf = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
const quantity = fc.nat().map((n) => `0x${n.toString(16)}`);

/** A log as nodes write it, with fields that nobody asked for and values that look like structure. */
const log = fc.record(
  {
    address: hexOf(20),
    topics: fc.array(hexOf(32), { maxLength: 4 }),
    data: fc.integer({ min: 0, max: 100 }).chain(hexOf),
    blockNumber: quantity,
    blockHash: hexOf(32),
    transactionHash: hexOf(32),
    transactionIndex: quantity,
    logIndex: quantity,
    blockTimestamp: fc.oneof(quantity, fc.constant(null)),
    removed: fc.constant(false),
    extra: fc.jsonValue(),
    '}]\\"': fc.constantFrom('"}]', "\\", "0x", ""),
  },
  {
    requiredKeys: ["address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "transactionIndex", "logIndex"],
  },
);
type Log = typeof log extends fc.Arbitrary<infer T> ? T : never;

/** The logs of a batch as an answer would write them. */
function written(batch: LogBatch): object[] {
  const hex = (from: number, to: number) => `0x${batch.bytes.toString("hex", from, to)}`;
  return batch.starts.map((start, i) => {
    const topics = start + logParts.topics;
    return {
      address: hex(start + logParts.address, start + logParts.address + 20),
      topics: Array.from({ length: batch.topicCounts[i] as number }, (_, n) => hex(topics + n * hashBytes, topics + (n + 1) * hashBytes)),
      data: hex(start + logParts.data, batch.ends[i] as number),
      blockNumber: batch.blockNumbers[i],
      blockHash: batch.blockHash(i),
      transactionHash: hex(start + logParts.transactionHash, start + logParts.transactionHash + hashBytes),
      transactionIndex: batch.transactionIndexes[i],
      logIndex: batch.logIndexes[i],
      timestamp: batch.timestamps[i],
    };
  });
}

function expectedOf(logs: Log[]): object[] {
  return logs
    .map(({ address, topics, data, blockHash, transactionHash, ...log }) => ({
      ...{ address, topics, data, blockHash, transactionHash },
      blockNumber: Number(log.blockNumber),
      transactionIndex: Number(log.transactionIndex),
      logIndex: Number(log.logIndex),
      timestamp: log.blockTimestamp ? Number(log.blockTimestamp) : unknownTime,
    }))
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex);
}

/** The same JSON with its members in another order. */
function shuffled(value: object, seed: number): object {
  const members = Object.entries(value);
  return Object.fromEntries(members.map((_, i) => members[(i * 7 + seed) % members.length] as [string, unknown]));
}

const distinct = fc.uniqueArray(log, { maxLength: 6, selector: (one) => `${Number(one.blockNumber)}/${Number(one.logIndex)}` });

test("the bytes of an answer give what its JSON holds, in the order of the chain, however it is spaced and ordered", () => {
  fc.assert(
    fc.property(distinct, fc.constantFrom(0, 1, "\t"), fc.nat(20), fc.boolean(), (logs, space, seed, upper) => {
      const result = logs.map((one) => (Object.keys(one).length % 7 === 0 ? one : shuffled(one, seed)));
      const members = { jsonrpc: "2.0", id: 0, error: null, result, more: { result: [{}] } };
      const text = JSON.stringify(seed % 2 ? shuffled(members, seed) : members, null, space);
      const batch = scanLogs(Buffer.from(upper ? text.replaceAll(/0x[0-9a-f]+/g, (hex) => `0x${hex.slice(2).toUpperCase()}`) : text));
      expect(batch && written(batch)).toEqual(expectedOf(logs));
    }),
    { numRuns: 500 },
  );
});

test("an answer that was cut or changed is read, refused or left to be looked into, never an exception of another kind", () => {
  fc.assert(
    fc.property(distinct, fc.nat(), fc.nat(), fc.string({ unit: "binary", maxLength: 3 }), (logs, at, size, noise) => {
      const text = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 0, result: logs }));
      const place = at % (text.length + 1);
      for (const body of [
        text.subarray(0, place),
        Buffer.concat([text.subarray(0, place), Buffer.from(noise), text.subarray(place + (size % 4))]),
      ]) {
        try {
          scanLogs(body);
        } catch (error) {
          expect((error as Error).name).toBe("MalformedAnswer");
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

const good = {
  address: `0x${"11".repeat(20)}`,
  topics: [`0x${"22".repeat(32)}`],
  data: "0x",
  blockNumber: "0x1",
  blockHash: `0x${"33".repeat(32)}`,
  transactionHash: `0x${"44".repeat(32)}`,
  transactionIndex: "0x0",
  logIndex: "0x0",
};
const answer = (result: unknown, more: object = {}) => Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 0, result, ...more }));

test("what a log must not be is named", () => {
  const cases: [object | null, RegExp][] = [
    [{ ...good, blockHash: "0x12" }, /log\.blockHash is not the hex/],
    [{ ...good, address: `0x${"zz".repeat(20)}` }, /log\.address is not the hex/],
    [{ ...good, topics: Array(5).fill(good.topics[0]) }, /topics is no list of at most 4/],
    [{ ...good, data: "0x123" }, /log\.data is not the hex/],
    [{ ...good, data: "0xzz" }, /log\.data is not the hex/],
    [{ ...good, blockNumber: "0x" }, /log\.blockNumber is no quantity/],
    [{ ...good, logIndex: "0x11112222333344445" }, /log\.logIndex is no quantity/],
    [{ ...good, logIndex: "0x80000000" }, /log\.logIndex is beyond/],
    [{ ...good, logIndex: "0xffffffffffffffff" }, /log\.logIndex is beyond/],
    [{ ...good, transactionIndex: "0x80000000" }, /log\.transactionIndex is beyond/],
    [{ ...good, removed: true }, /marked as removed/],
    [{ ...good, topics: undefined, data: undefined }, /a log lacks topics, data/],
    [null, /a log is no object/],
  ];
  for (const [log, message] of cases) expect(() => scanLogs(answer([log]))).toThrow(message);
  expect(() => scanLogs(answer([good, { ...good, blockNumber: "0x2" }, good]))).toThrow(/listed twice/);
  const largest = scanLogs(
    answer([{ ...good, logIndex: "0x7fffffff", transactionIndex: "0x7fffffff", blockTimestamp: "0xffffffffffffffff" }]),
  );
  expect([largest?.logIndexes, largest?.transactionIndexes, largest?.timestamps]).toEqual([
    [2 ** 31 - 1],
    [2 ** 31 - 1],
    [Number.MAX_SAFE_INTEGER],
  ]);
});

test("errors, other results and what is no JSON are left to be looked into", () => {
  expect(scanLogs(answer([good], { error: { code: 1, message: "no" } }))).toBeNull();
  expect(scanLogs(answer(null))).toBeNull();
  expect(scanLogs(Buffer.from('{"jsonrpc":"2.0","id":0}'))).toBeNull();
  for (const body of ["", "[]", "nonsense", '{"result":[', '{"result":[]', `{"result":[${JSON.stringify(good)}`])
    expect(scanLogs(Buffer.from(body))).toBeNull();
  expect(scanLogs(answer([]))?.count).toBe(0);
});

test("several batches become one in the order of the chain", () => {
  const [first, second] = [[good, { ...good, blockNumber: "0x5" }], [{ ...good, blockNumber: "0x3", data: `0x${"55".repeat(40)}` }]].map(
    (logs) => scanLogs(answer(logs)) as LogBatch,
  ) as [LogBatch, LogBatch];
  expect(inChainOrder([first, second]).blockNumbers).toEqual([1, 3, 5]);
  expect(written(inChainOrder([first, second]))[1]).toEqual(written(second)[0]);
  expect(inChainOrder([]).count).toBe(0);
});
