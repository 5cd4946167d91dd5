import { characters } from "./json-bytes.ts";

const { quote, comma, listStart, backslash, listEnd, objectStart, objectEnd } = characters;

/** Blocks without their transactions are 4 levels deep in a batch's answer. */
const deepest = 32;

/**
 * Bytes that a value takes on the average, beside the first thousand: hashes take 69, the fields of a block more than 16. Of a flood of empty
 * lists JSON.parse makes some twenty times their bytes, and takes seconds over a deep nest of them.
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
  if (!isModest(body)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function isModest(body: Buffer): boolean {
  if (body.length > largest) return false;
  const most = freeValues + body.length / bytesPerValue;
  let depth = 0;
  let values = 1;
  let inText = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) values++;
    else if (byte === listStart || byte === objectStart) {
      values++;
      if (++depth > deepest) return false;
    } else if (byte === listEnd || byte === objectEnd) depth--;
  }
  return values <= most;
}
