import { excessOf } from "@obelisk/schemas/json-shape";

/** Blocks without their transactions are 4 levels deep in a batch's answer. */
const deepest = 32;

/**
 * Bytes that a value takes on the average, beside the first thousand: hashes take 69, the fields of a block more than 16. Of a flood of empty
 * lists JSON.parse makes some twenty times their bytes.
 */
const bytesPerValue = 16;
const freeValues = 1_000;

/** Larger answers are only ever logs, which are scanned. */
const largest = 16 * 1024 * 1024;

/**
 * Parses an answer of a node unless the values would take many times its bytes of memory.
 * @returns undefined for what is no JSON, or none that a node has a reason to send.
 */
export function parseModestly(body: Buffer): unknown {
  if (body.length > largest) return undefined;
  const text = body.toString();
  if (excessOf(text, { nesting: deepest, values: freeValues + body.length / bytesPerValue })) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
