import { describe, expect, it } from "vitest";
import { extractAbi, longestAbiText } from "../src/features/indexer-lab/extract-abi.ts";

const transfer = {
  type: "event",
  name: "Transfer",
  inputs: [
    { type: "address", name: "from", indexed: true },
    { type: "uint256", name: "value" },
  ],
};

describe("reading an ABI", () => {
  it("takes a plain array and names its events with their parameters", () => {
    expect(extractAbi(JSON.stringify([transfer, { type: "function", name: "mint" }]))).toEqual({
      found: true,
      abi: [transfer, { type: "function", name: "mint" }],
      events: ["Transfer(address indexed from, uint256 value)"],
      from: "abi",
    });
  });

  it.each([
    ["Hardhat", { _format: "hh-sol-artifact-1", contractName: "Token", abi: [transfer], bytecode: "0x" }],
    ["Foundry", { abi: [transfer], bytecode: { object: "0x" }, methodIdentifiers: {} }],
    ["one whose abi is text", { abi: JSON.stringify([transfer]) }],
  ])("takes the abi out of an artifact of %s", (_maker, artifact) => {
    expect(extractAbi(JSON.stringify(artifact, null, 2))).toMatchObject({ found: true, abi: [transfer], from: "artifact" });
  });

  it.each([
    ["nothing", "  ", /paste/],
    ["text that is no JSON", "pragma solidity", /not JSON/],
    ["JSON of another shape", '{"bytecode":"0x"}', /expected a JSON array/],
    ["a number", "4", /expected a JSON array/],
    ["an artifact with a broken abi text", '{"abi":"["}', /not JSON/],
    ["a text without end", " ".concat("[".repeat(longestAbiText + 1)), /too large/],
  ])("says what is wrong with %s", (_what, text, reason) => {
    const reading = extractAbi(text);
    expect(reading.found).toBe(false);
    expect(reading.found ? "" : reading.reason).toMatch(reason);
  });

  it("counts no event that can't be indexed by name", () => {
    const odd = [null, 3, { type: "event" }, { type: "event", name: "Hidden", anonymous: true }, { type: "event", name: "Bare" }];
    expect(extractAbi(JSON.stringify(odd))).toMatchObject({ found: true, events: ["Bare()"] });
  });
});
