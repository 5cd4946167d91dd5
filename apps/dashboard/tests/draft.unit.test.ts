import { afterEach, describe, expect, it, vi } from "vitest";
import {
  emptyContract,
  emptyDraft,
  foldFaults,
  type IndexerDraft,
  keepDraft,
  loadDraft,
  readDraft,
} from "../src/features/indexer-lab/draft.ts";

const abi = JSON.stringify([{ type: "event", name: "Transfer", inputs: [{ type: "address", name: "from", indexed: true }] }]);
const address = "0x5fbdb2315678afecb367f032d93f642f64180aa3";

function draft(change: Partial<IndexerDraft> = {}): IndexerDraft {
  return { ...emptyDraft(), name: "Transfers", network: "local", contracts: [{ ...emptyContract(1), address, abi }], ...change };
}

function faultsOf(value: IndexerDraft): Record<string, string> {
  const reading = readDraft(value);
  return reading.ready ? {} : reading.faults;
}

describe("judging a draft", () => {
  it("turns a complete draft into what the server takes", () => {
    const reading = readDraft(draft({ contracts: [{ key: 1, address: ` ${address} `, abi, startBlock: " 12 " }] }));
    expect(reading).toMatchObject({
      ready: true,
      input: { name: "Transfers", network: "local", contracts: [{ address, startBlock: 12 }] },
    });
  });

  it("sends the RPC URL alone where that is the source, whatever network was chosen before", () => {
    const reading = readDraft(draft({ source: "rpc", rpcUrl: "http://127.0.0.1:8545" }));
    expect(reading).toMatchObject({ ready: true, input: { rpcUrl: "http://127.0.0.1:8545" } });
    expect(reading.ready && reading.input.network).toBeUndefined();
  });

  it("puts each fault beside the field it belongs to", () => {
    const faults = faultsOf(draft({ name: " ", network: "", contracts: [{ key: 1, address: "0x1", abi: "[]", startBlock: "soon" }] }));
    expect(Object.keys(faults).sort()).toEqual(["contracts.0.abi", "contracts.0.address", "contracts.0.startBlock", "name", "network"]);
  });

  it("puts a missing source beside the control that is shown", () => {
    expect(Object.keys(faultsOf(draft({ source: "rpc", rpcUrl: "" })))).toEqual(["rpcUrl"]);
    expect(Object.keys(faultsOf(draft({ source: "network", network: "" })))).toEqual(["network"]);
  });

  it("names the second of two equal addresses", () => {
    const contracts = [1, 2].map((key) => ({ key, address, abi, startBlock: "" }));
    expect(Object.keys(faultsOf(draft({ contracts })))).toEqual(["contracts.1.address"]);
  });

  it("names the parameter of an event whose type is misspelt, and minds only events", () => {
    const spelt = JSON.stringify([
      { type: "function", name: "library", inputs: [{ type: "Lib.Order storage", name: "order" }] },
      { type: "event", name: "Placed", inputs: [{ type: "tuple[2]", name: "orders", components: [{ type: "uintx", name: "price" }] }] },
    ]);
    const contracts = [{ ...emptyContract(1), address, abi: spelt }];
    expect(faultsOf(draft({ contracts }))).toEqual({
      "contracts.0.abi": "entry 1.inputs.0.components.0.type: uintx is no type an event can carry",
    });
  });

  it("brings the server's own faults to the same fields", () => {
    const faults = foldFaults([{ path: "contracts.0.abi.3.type", message: "not a type" }], "network");
    expect(faults).toEqual({ "contracts.0.abi": "entry 3.type: not a type" });
  });
});

describe("keeping a draft", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("keeps what was typed but never the RPC URL, which may hold credentials", () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    });
    const typed = draft({ source: "rpc", rpcUrl: "https://ada:secret@node.example/v3/secret" });
    keepDraft("org_1", typed);
    expect([...kept.values()].join()).not.toContain("secret");
    expect(loadDraft("org_1")).toEqual({ ...typed, rpcUrl: "" });
  });
});
