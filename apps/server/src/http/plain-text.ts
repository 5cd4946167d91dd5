import { invalidRequest } from "@obelisk/core/kernel/errors";

/** Deepest nesting of arrays and objects that is read; an ABI's tuples need about ten. */
export const deepestNesting = 32;

/**
 * Refuses what a parsed document may hold but the database can't: NUL characters and halves of surrogate pairs in texts and keys.
 * @throws ObeliskError `invalid_request` naming the place, also for nesting beyond `deepestNesting`.
 */
export function requirePlainText(value: unknown, path: readonly string[] = []): void {
  if (typeof value === "string") {
    if (value.includes("\0") || !value.isWellFormed()) throw refused(path, "use no NUL characters and only whole Unicode characters");
  } else if (typeof value === "object" && value !== null) {
    if (path.length >= deepestNesting) throw refused(path.slice(0, 8), `nest at most ${deepestNesting} levels deep`);
    for (const [key, inner] of Object.entries(value)) {
      if (key.includes("\0") || !key.isWellFormed())
        throw refused(path, "use no NUL characters and only whole Unicode characters in names");
      requirePlainText(inner, [...path, key]);
    }
  }
}

function refused(path: readonly string[], message: string) {
  return invalidRequest([{ path: path.join("."), message }]);
}
