/** A table's column: its header and what it shows of a row. */
export interface Column<Row> {
  header: string;
  value(row: Row): string | number | null | undefined;
  align?: "right";
}

/**
 * Text as a terminal may show it: control characters, and those that turn the text after them around, written out as `\u001b`, which JSON takes
 * for the same. Names, logs and errors come from other people, contracts and nodes.
 */
export function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Writes a line to standard output. */
export function print(line: string): void {
  process.stdout.write(`${visible(line)}\n`);
}

/** Writes a line to standard error: progress, warnings, whatever isn't the command's result. */
export function note(line: string): void {
  process.stderr.write(`${visible(line)}\n`);
}

/** The result as JSON for programs: one document, indented only for a person's eyes. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

/** Rows as aligned columns; nothing but the values where the output isn't a terminal, so that `cut` and `awk` work. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], headers = process.stdout.isTTY === true): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.value(row))));
  const lines = headers ? [columns.map((column) => column.header.toUpperCase()), ...cells] : cells;
  const widths = columns.map((_, index) => Math.max(0, ...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function pad(cell: string, width: number, align: "right" | undefined): string {
  return align === "right" ? cell.padStart(width) : cell.padEnd(width);
}

function oneLine(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === "") return "–";
  return String(value).replace(/\s+/g, " ");
}

/** `850 ms`, `12.4 s`, `3 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `just now`, `5 min ago`, `3 h ago`, `12 d ago`. */
export function ago(instant: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - Date.parse(instant)) / 1_000);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
}
