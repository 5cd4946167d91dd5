import { InvalidArgumentError } from "commander";

const units = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** Seconds of a text such as `90s`, `15m`, `12h`, `30d` or `2w`. @throws InvalidArgumentError naming the form. */
export function parseSeconds(text: string): number {
  const match = /^(\d{1,9})([smhdw])$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError("Write a number and a unit: 90s, 15m, 12h, 30d or 2w.");
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

/** A whole number within bounds. @throws InvalidArgumentError naming them. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
    return value;
  };
}
