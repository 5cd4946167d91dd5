import { createIndexerSchema } from "@obelisk/schemas/deployments";
import { describe, expect, it } from "vitest";
import { publicConfig } from "../specification.ts";

describe("the public configuration", () => {
  it("lists an overloaded event once for each signature, and one declared twice once", () => {
    const address = { name: "who", type: "address", indexed: true };
    const pair = { name: "pairs", type: "tuple[2][]", components: [{ type: "uint8" }, { type: "tuple", components: [{ type: "int" }] }] };
    const input = createIndexerSchema.parse({
      ...{ name: "Pool", network: "local" },
      contracts: [
        {
          address: `0x${"1".repeat(40)}`,
          abi: [
            { type: "event", name: "Set", inputs: [address] },
            { type: "event", name: "Set", inputs: [address, { name: "amount", type: "uint" }] },
            { type: "event", name: "Set", inputs: [address] },
            { type: "event", name: "Paired", inputs: [pair] },
            { type: "event", name: "Bare" },
            { type: "event", name: "Hidden", anonymous: true },
            { type: "function", name: "set", inputs: [address] },
          ],
        },
      ],
    });
    expect(publicConfig(input, 31_337).contracts[0]?.events).toEqual([
      "Set(address)",
      "Set(address,uint256)",
      "Paired((uint8,(int256))[2][])",
      "Bare()",
    ]);
  });
});
