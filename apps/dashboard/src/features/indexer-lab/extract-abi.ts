/** What was found in the text that should hold an ABI. */
export type AbiReading = { found: true; abi: unknown[]; events: string[]; from: "abi" | "artifact" } | { found: false; reason: string };

/** Larger files are refused before they are read: no contract's artifact comes near. */
export const longestAbiText = 4 * 1_048_576;

/**
 * Reads an ABI from JSON: the array itself, or an artifact of Hardhat, Foundry or Truffle, whose `abi` it takes. Explains what is
 * wrong otherwise; whether the ABI makes sense is the schema's to judge.
 */
export function extractAbi(text: string): AbiReading {
  const trimmed = text.trim();
  if (trimmed === "") return { found: false, reason: "paste the contract's ABI, or choose its artifact file" };
  if (trimmed.length > longestAbiText) return { found: false, reason: "this text is too large for an ABI" };
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (error) {
    return { found: false, reason: `this is not JSON: ${error instanceof Error ? error.message : "it can't be read"}` };
  }
  if (Array.isArray(value)) return { found: true, abi: value, events: eventsOf(value), from: "abi" };
  if (typeof value === "object" && value !== null && "abi" in value) {
    const inner = typeof value.abi === "string" ? extractAbi(value.abi) : null;
    if (inner) return inner.found ? { ...inner, from: "artifact" } : inner;
    if (Array.isArray(value.abi)) return { found: true, abi: value.abi, events: eventsOf(value.abi), from: "artifact" };
  }
  return { found: false, reason: "expected a JSON array, or an artifact with an abi in it" };
}

/** Signatures of the named events, as `Transfer(address indexed from, uint256 value)`. */
function eventsOf(abi: readonly unknown[]): string[] {
  return abi.flatMap((item) => {
    if (!isRecord(item) || item["type"] !== "event" || typeof item["name"] !== "string" || item["anonymous"] === true) return [];
    const inputs = Array.isArray(item["inputs"]) ? item["inputs"].filter(isRecord) : [];
    return [`${item["name"]}(${inputs.map(parameterWords).join(", ")})`];
  });
}

function parameterWords(input: Record<string, unknown>): string {
  const words = [input["type"], input["indexed"] === true ? "indexed" : null, input["name"]];
  return words.filter((word): word is string => typeof word === "string" && word.length > 0).join(" ");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
