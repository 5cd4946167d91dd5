/** Characters from which the beginning of an id says which one is meant: its prefix alone is every id's. */
const shortestId = 5;

/**
 * How well what is typed fits a thing: each of its words within one of the names, or all of it the beginning of the id.
 * @returns 0 for not at all, up to 1 for a name that begins with it
 */
export function matchScore(typed: string, names: readonly string[], id: string): number {
  const wanted = typed.trim().toLowerCase();
  if (wanted.length >= shortestId && id.startsWith(wanted)) return 1;
  const known = names.map((name) => name.toLowerCase());
  if (known.some((name) => name.startsWith(wanted))) return 1;
  return wanted.split(/\s+/).every((word) => known.some((name) => name.includes(word))) ? 0.5 : 0;
}
