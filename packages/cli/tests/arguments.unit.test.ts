import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { invalidRequest } from "@obelisk/core/kernel/errors";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { noteWait } from "../src/api.ts";
import { parseContract } from "../src/deployments/contract-argument.ts";
import { parseSeconds, wholeNumber } from "../src/durations.ts";
import { explain } from "../src/failure.ts";
import { table, visible } from "../src/output.ts";

const address = `0x${"aB".repeat(20)}`;
const abi = [{ type: "event", name: "Moved", inputs: [{ name: "to", type: "address", indexed: true }] }];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "obelisk-cli-"));
  writeFileSync(join(folder, "abi.json"), JSON.stringify(abi));
  writeFileSync(join(folder, "a=b@2x.json"), JSON.stringify({ contractName: "Token", abi }));
  writeFileSync(join(folder, "functions.json"), JSON.stringify([{ type: "function", name: "f" }]));
  writeFileSync(join(folder, "text.json"), "not json");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("--contract", () => {
  it("reads an ABI and starts at the first block unless told", () => {
    expect(parseContract(`${address}=${folder}/abi.json`)).toEqual({ address, abi, startBlock: 0 });
    expect(parseContract(`${address}=${folder}/abi.json@1234`)).toMatchObject({ startBlock: 1_234 });
  });

  it("reads a compiler's artifact, whatever its file is called", () => {
    expect(parseContract(`${address}=${folder}/a=b@2x.json@7`)).toEqual({ address, abi, startBlock: 7 });
  });

  it("names what is wrong with the argument or the file", () => {
    expect(() => parseContract("0x12=abi.json")).toThrow(/ADDRESS=ABI-FILE/);
    expect(() => parseContract(`${address}=${folder}/none.json`)).toThrow(/none\.json can't be read.*ENOENT/);
    expect(() => parseContract(`${address}=${folder}/text.json`)).toThrow(/text\.json is not JSON/);
    expect(() => parseContract(`${address}=${folder}/functions.json`)).toThrow(/declares no event to index/);
  });
});

describe("durations and numbers", () => {
  it("are read with their unit", () => {
    expect(["90s", "15m", "12h", "30d", "2w"].map(parseSeconds)).toEqual([90, 900, 43_200, 2_592_000, 1_209_600]);
  });

  it("are refused naming the form or the bounds", () => {
    for (const text of ["", "30", "d", "-1d", "1.5h", "1y"]) expect(() => parseSeconds(text)).toThrow("90s, 15m, 12h, 30d or 2w");
    for (const text of ["0", "101", "x", "1e1", "-3"]) expect(() => wholeNumber(1, 100)(text)).toThrow("from 1 to 100");
  });
});

describe("output", () => {
  it("says how long a used-up rate window is waited for, on standard error, and nothing of other waits", () => {
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    noteWait({ milliseconds: 32_100, status: 429 });
    noteWait({ milliseconds: 250, status: null });
    noteWait({ milliseconds: 1_000, status: 503 });
    expect(written.mock.calls).toEqual([["rate limit reached; going on in 33 s\n"]]);
    written.mockRestore();
  });

  it("shows control characters, and what turns text around, instead of sending them to the terminal, and stays the same JSON", () => {
    expect(visible("a\u001b]0;b\u0007\u009bc\r\nd\te")).toBe("a\\u001b]0;b\\u0007\\u009bc\\u000d\nd\te");
    expect(visible("a\u202eb\u2066c")).toBe("a\\u202eb\\u2066c");
    const value = { message: "\u009b31m\u007f\u202e😀" };
    expect(JSON.parse(visible(JSON.stringify(value)))).toEqual(value);
  });

  it("aligns columns and keeps each row on one line", () => {
    const shown = table(
      [
        { a: "x", n: 5 },
        { a: "long\nname", n: null },
      ],
      [
        { header: "a", value: (row) => row.a },
        { header: "n", value: (row) => row.n, align: "right" },
      ],
      true,
    );
    expect(shown).toBe("A          N\nx          5\nlong name  –");
  });

  it("says each fault of an input once", () => {
    const errors = [
      { path: "name", message: "use at most 64 characters" },
      { path: "rpcUrl", message: "expected an http:// or https:// URL" },
    ];
    const { message, details } = explain(invalidRequest(errors));
    expect(message).toBe("name: use at most 64 characters (and 1 more)");
    expect(details).toEqual(["  rpcUrl: expected an http:// or https:// URL"]);
  });

  it("explains an error that nobody foresaw without its stack", () => {
    const { message, details } = explain(new Error("broken"));
    expect(message).toBe("broken");
    expect(details.join()).toContain("--verbose");
  });
});
