/**
 * Where a spreadsheet would begin to read a formula: at a cell's start, and behind what some take for the end of one (a semicolon or a tab,
 * by the reader's locale). Full-width signs count as their plain ones do.
 */
const formula = /^(?=[\t\r])|(^|[;\t\r\n])(?=\s*[=+\-@＝＋－＠])/g;

/**
 * One line of RFC 4180 CSV. What a spreadsheet would take for a formula gets an apostrophe in front: names in the log are typed
 * by people, and opening an export must not run what they typed.
 */
export function toCsvLine(cells: readonly string[]): string {
  return `${cells.map(toCell).join(",")}\r\n`;
}

function toCell(text: string): string {
  const harmless = text.replace(formula, "$&'");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
