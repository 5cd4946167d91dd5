/**
 * One line of RFC 4180 CSV. A cell that a spreadsheet would take for a formula gets an apostrophe in front: names in the log are typed
 * by people, and opening an export must not run what they typed.
 */
export function toCsvLine(cells: readonly string[]): string {
  return `${cells.map(toCell).join(",")}\r\n`;
}

function toCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
