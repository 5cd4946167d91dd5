export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * Writes one JSON line to stdout. Callers pass no secret: URLs only through `publicUrl`, errors only through `errorText`.
 * @param fields flat values that go beside `level`, `time` and `msg`.
 */
export function log(level: LogLevel, msg: string, fields: Record<string, string | number | boolean | null> = {}): void {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields })}\n`);
}

/** A URL without credentials, path and query, which often hold an access key. */
export function publicUrl(url: string): string {
  return URL.parse(url)?.origin ?? "malformed URL";
}

/** The message of anything thrown, on one line and bounded, with what looks like a URL cut down to its origin. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, publicUrl)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .slice(0, 500)
    .toWellFormed();
}
