import type { LogLine } from "@obelisk/schemas/deployments";

/** Lines kept on screen; older ones are dropped as new ones come. */
export const mostLines = 2_000;

/** Both, in order, each once, only the newest kept. Batches overlap after a reconnect. */
export function mergeLines(known: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  if (more.length === 0) return known;
  const last = known.at(-1)?.sequence ?? -1;
  const first = more[0]?.sequence ?? 0;
  if (first > last) return [...known, ...more].slice(-mostLines);
  const bySequence = new Map([...known, ...more].map((line) => [line.sequence, line]));
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence).slice(-mostLines);
}

/** Lines read at once to fill a gap. */
export const gapPage = 1_000;

/**
 * What lies between the last line on screen and a view of the newest ones that begins later.
 * @param readAfter Reads up to `gapPage` lines that follow a sequence number.
 * @returns null where there is more than is kept on screen
 */
export async function linesBetween(
  last: number,
  first: number,
  readAfter: (sequence: number) => Promise<readonly LogLine[]>,
): Promise<readonly LogLine[] | null> {
  const found: LogLine[] = [];
  for (let after = last; found.length < mostLines; ) {
    const page = await readAfter(after);
    const missed = page.filter(({ sequence }) => sequence < first);
    found.push(...missed);
    if (missed.length < gapPage) return found;
    after = missed.at(-1)?.sequence ?? after;
  }
  return null;
}

/** The lines of an instant and later; both are spelt alike, so their texts compare. */
export function linesSince(lines: readonly LogLine[], at: string): readonly LogLine[] {
  return lines.filter((line) => line.at >= at);
}

const ranks: Record<LogLine["level"], number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** The lines at least as severe. */
export function atLeast(lines: readonly LogLine[], level: LogLine["level"]): readonly LogLine[] {
  return level === "debug" ? lines : lines.filter((line) => ranks[line.level] >= ranks[level]);
}

/** A file's text: one line a log line, `2026-11-23T18:51:39.000Z error stderr message`. */
export function logText(lines: readonly LogLine[]): string {
  return lines.map((line) => `${line.at} ${line.level} ${line.stream} ${line.message}\n`).join("");
}
