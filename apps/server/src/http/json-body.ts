import { invalidRequest, ObeliskError } from "@obelisk/core/kernel/errors";
import { excessOf } from "@obelisk/schemas/json-shape";
import { deepestNesting, requirePlainText } from "./plain-text.ts";
import { type HeldBody, readBody } from "./read-body.ts";

/** Largest body in bytes: 50 contracts with long ABIs stay well below it. */
export const largestBody = 256 * 1024;

/** Most values of one document. A body full of ABIs holds some 15,000; each one that is wrong costs time that no other request gets. */
const mostValues = 20_000;

const tooLarge = () => new ObeliskError("payload_too_large", `The body is larger than ${largestBody / 1024} KiB. Send less.`);

/** Reads a body up to the limit. Gives null for none. */
export async function readText(request: Request, held: HeldBody): Promise<string | null> {
  const bytes = await readBody(request, held, largestBody, tooLarge);
  if (bytes.byteLength === 0) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ObeliskError("invalid_request", "The body is not UTF-8.", {
      cause,
      errors: [{ path: "", message: "encode the body as UTF-8" }],
    });
  }
}

/** Where a JSON text stops being one, as line and column from 1. */
function placeOf(text: string, error: Error): string {
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
  const before = text.slice(0, position).split("\n");
  return `position ${position} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
}

/** Refuses deep nesting and a flood of values before anything sees them that takes longer over it. @throws ObeliskError `invalid_request` */
export function requireModestShape(text: string): void {
  const excess = excessOf(text, { nesting: deepestNesting, values: mostValues });
  if (excess === "nesting") throw invalidRequest([{ path: "", message: `nest at most ${deepestNesting} levels deep` }]);
  if (excess === "values") throw invalidRequest([{ path: "", message: `hold at most ${mostValues} values` }]);
}

/**
 * Reads a JSON body.
 * @throws ObeliskError `payload_too_large`, `unavailable`, `unsupported_media_type`, `invalid_request` with the place where the JSON breaks.
 */
export async function readJson(request: Request, held: HeldBody): Promise<unknown> {
  requireJsonType(request);
  const text = await readText(request, held);
  if (text === null) throw invalidRequest([{ path: "", message: "send a JSON body" }]);
  return parseJson(text);
}

/** For an action, which takes nothing: an empty body or an empty object. */
export async function readNothing(request: Request, held: HeldBody): Promise<void> {
  const text = await readText(request, held);
  if (text === null || text.trim() === "") return;
  requireJsonType(request);
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length > 0) {
    throw invalidRequest([{ path: "", message: "this takes no body; send none, or {}" }]);
  }
}

export function requireJsonType(request: Request): void {
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i.test(type.trim())) return;
  throw new ObeliskError(
    "unsupported_media_type",
    `Send the body as content-type: application/json${type ? `, not ${type.slice(0, 100)}` : ""}.`,
  );
}

function parseJson(text: string): unknown {
  requireModestShape(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = `the JSON breaks at ${placeOf(text, error as Error)}`;
    throw new ObeliskError("invalid_request", `The body is not valid: ${message}.`, { errors: [{ path: "", message }] });
  }
  requirePlainText(value);
  return value;
}
