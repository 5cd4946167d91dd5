import { createIndexerSchema } from "@obelisk/schemas/deployments";
import { describe, expect, it } from "vitest";
import { keyId, Secrets, UnreadableSecret } from "../../../kernel/secrets.ts";
import { sealedFor } from "../sealing.ts";
import { openSpecification, publicConfig } from "../specification.ts";

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

describe("a stored specification", () => {
  const [older, newer] = [new Secrets(["o".repeat(40)]), new Secrets(["n".repeat(40)])];
  const faultOf = (sealed: string) => {
    try {
      return openSpecification(newer, "dep_1", sealed);
    } catch (error) {
      return error;
    }
  };

  it("that lacks its key here names the key", () => {
    const fault = faultOf(older.seal("{}", sealedFor.specification("dep_1")));
    expect(fault).toBeInstanceOf(UnreadableSecret);
    expect(fault).toMatchObject({ missingKey: keyId("o".repeat(40)) });
  });

  it.each(["not JSON: secret", '{"version":2}'])("that is written otherwise is as unreadable, and isn't quoted: %s", (text) => {
    const fault = faultOf(newer.seal(text, sealedFor.specification("dep_1")));
    expect(fault).toBeInstanceOf(UnreadableSecret);
    expect(fault).toMatchObject({ missingKey: null });
    expect(String((fault as Error).stack)).not.toContain("not JSON");
  });
});
