/** The next round number at or above: 1, 2, 2.5 or 5 times a power of ten. 1 for nothing. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 2.5, 5]) {
    if (value <= step * power * 1.000_001) return step * power;
  }
  return 10 * power;
}

/**
 * Where values are known without a break, as pairs of first and last index.
 * @param isApart Whether too much time lies before a value for a line to be drawn to it.
 */
export function gaps(values: readonly (number | null)[], isApart: (index: number) => boolean = () => false): [number, number][] {
  const runs: [number, number][] = [];
  values.forEach((value, index) => {
    if (value === null) return;
    const run = runs.at(-1);
    if (run && run[1] === index - 1 && !isApart(index)) run[1] = index;
    else runs.push([index, index]);
  });
  return runs;
}

/** At most `most` items, evenly spread, the last one always among them. */
export function thin<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const stride = items.length / most;
  return Array.from({ length: most }, (_, index) => items[Math.ceil((index + 1) * stride) - 1]).filter(
    (item): item is T => item !== undefined,
  );
}
