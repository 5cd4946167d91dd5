import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { defaultRestartPolicy, failuresAfter, restartDelay } from "../src/back-off.ts";
import { chainStateFiles, isWholeJson, keepCopy, repairChainState } from "../src/chain-state.ts";
import { RotatingLog } from "../src/rotating-log.ts";

const directory = mkdtempSync(join(tmpdir(), "obelisk-decisions-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("restarts", () => {
  test("wait longer with each failure, never longer than the longest, and end", () => {
    const delays = Array.from({ length: 20 }, (_, index) => restartDelay(defaultRestartPolicy, index + 1));
    expect(delays.slice(0, 4)).toEqual([200, 400, 800, 1_600]);
    expect(Math.max(...delays.map((delay) => delay ?? 0))).toBe(defaultRestartPolicy.longestDelay);
    expect(delays.at(-1)).toBeNull();
  });

  test("count anew after a healthy run", () => {
    expect(failuresAfter(defaultRestartPolicy, 5, 100)).toBe(6);
    expect(failuresAfter(defaultRestartPolicy, 5, defaultRestartPolicy.healthyAfter)).toBe(1);
  });
});

describe("the chain's state", () => {
  test("is whole only when no byte of its end is missing", () => {
    const file = join(directory, "any.json");
    const document = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value)));
    fc.assert(
      fc.property(document, fc.nat(), (bytes, cut) => {
        writeFileSync(file, bytes);
        const whole = isWholeJson(file);
        writeFileSync(file, bytes.subarray(0, cut % bytes.length));
        return whole && !isWholeJson(file);
      }),
      { numRuns: 300 },
    );
  });

  test("goes back to its copy when torn, and says so", () => {
    const files = chainStateFiles(mkdtempSync(join(directory, "torn-")));
    writeFileSync(files.current, '{"block":1}');
    keepCopy(files);
    writeFileSync(files.current, '{"block":2,"acc');
    const said: string[] = [];
    repairChainState(files, (line) => said.push(line));
    expect(readFileSync(files.current, "utf8")).toBe('{"block":1}');
    expect(said.join()).toContain("went back to the copy");
  });

  test("is reset loudly when there is no whole copy", () => {
    const files = chainStateFiles(mkdtempSync(join(directory, "reset-")));
    writeFileSync(files.current, "");
    const said: string[] = [];
    repairChainState(files, (line) => said.push(line));
    expect(said.join()).toContain("THE LOCAL CHAIN WAS RESET");
  });

  test("a torn state never replaces the copy", () => {
    const files = chainStateFiles(mkdtempSync(join(directory, "copy-")));
    writeFileSync(files.copy, '{"block":1}');
    writeFileSync(files.current, '{"block"');
    keepCopy(files);
    expect(readFileSync(files.copy, "utf8")).toBe('{"block":1}');
  });
});

test("a log never grows past its bound, and keeps its newest lines", () => {
  const log = new RotatingLog(join(directory, "rotating.log"), 1_000);
  for (let line = 0; line < 500; line += 1) log.write(Buffer.from(`line ${line}\n`));
  log.close();
  expect(statSync(log.path).size).toBeLessThanOrEqual(1_000);
  expect(statSync(`${log.path}.1`).size).toBeLessThanOrEqual(1_000);
  expect(readFileSync(log.path, "utf8")).toContain("line 499\n");
});
