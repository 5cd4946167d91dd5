import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const css = readFileSync(join(import.meta.dirname, "../src/styles/tokens.css"), "utf8");

function tokensOf(theme: "light" | "dark"): Record<string, string> {
  const block = new RegExp(`\\[data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return Object.fromEntries([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
}

/** Relative luminance. Source: WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const plain = ["canvas", "surface", "sunken", "hover"];
const texts: [text: string, grounds: string[]][] = [
  ["ink", [...plain, "accent-soft", "ok-soft", "warn-soft", "bad-soft"]],
  ["soft", [...plain, "accent-soft", "ok-soft", "warn-soft", "bad-soft"]],
  ["faint", plain],
  ["accent", [...plain, "accent-soft"]],
  ["ok", [...plain, "ok-soft"]],
  ["warn", [...plain, "warn-soft"]],
  ["bad", [...plain, "bad-soft"]],
  ["on-accent", ["accent-solid", "accent-hover", "bad-solid", "bad-hover"]],
  ["canvas", ["ink"]],
];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const tokens = tokensOf(theme);
  const colour = (name: string): string => tokens[name] ?? expect.fail(`${theme} has no --${name}`);

  it.each(texts)("is readable: %s reaches 4.5 to 1 on each of its grounds", (text, grounds) => {
    for (const ground of grounds) expect(contrast(colour(text), colour(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  it("shows where a control ends: 3 to 1", () => {
    for (const ground of ["canvas", "surface"]) expect(contrast(colour("line-strong"), colour(ground))).toBeGreaterThanOrEqual(3);
  });
});
