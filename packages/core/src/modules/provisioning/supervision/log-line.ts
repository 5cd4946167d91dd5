import type { LogStream } from "../driver/index.ts";
import type { LogEntry } from "../system/telemetry.ts";

/** Characters of a line kept. */
const longestLine = 8_192;

/** A map, since a program may write any word: an object knows `constructor`, too. */
const levels: ReadonlyMap<unknown, LogEntry["level"]> = new Map([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["fatal", "error"],
]);

/** A program's line as a log entry: JSON lines give level, time and message, other fields follow the message; plain text stays as it is. */
export function parseLine(stream: LogStream, text: string, now: Date): LogEntry {
  const plain = printable(text);
  const entry: LogEntry = { at: now, stream, level: stream === "stderr" ? "error" : "info", message: cut(plain) };
  if (!plain.startsWith("{")) return entry;
  let document: unknown;
  try {
    document = JSON.parse(plain);
  } catch {
    return entry;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return entry;
  const { level, time, msg, message, event: _, ...rest } = document as Record<string, unknown>;
  const words = typeof msg === "string" ? msg : typeof message === "string" ? message : null;
  if (words === null) return entry;
  const fields = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : "";
  const at = typeof time === "string" || typeof time === "number" ? new Date(time) : now;
  // A program's clock is believed only near ours, so that no line hides in another year.
  const believable = Math.abs(at.getTime() - now.getTime()) < 60_000;
  return {
    at: believable ? at : now,
    stream,
    level: levels.get(level) ?? entry.level,
    message: cut(printable(words + fields)),
  };
}

/**
 * A program's text without what a text column, a JSON document of the database or a terminal would choke on: control characters but
 * tabs and line breaks, and halves of surrogate pairs. Nodes that it talks to put words into its mouth.
 */
export function printable(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
      .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "")
      .toWellFormed()
  );
}

function cut(text: string): string {
  return text.length > longestLine ? `${text.slice(0, longestLine).toWellFormed()}… (cut)` : text;
}
