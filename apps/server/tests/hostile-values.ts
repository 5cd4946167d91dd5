import fc from "fast-check";

/** Stands for a field that is left out. */
export const absent = Symbol("absent");

/** What an input is held to at one place: `refused`, `accepted`, or `either` where only deeper checks can tell, which may refuse it too. */
export type Verdict = "refused" | "accepted" | "either";

/** Says what may stand at a place; where nothing is said of a place, whatever differs from the valid value is refused. */
export type Rules = Record<string, (value: unknown) => Verdict | boolean>;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** One value of each kind that a schema, a decoder or a database can trip over. */
export const hostileValues = fc
  .record({
    left: fc.constant(absent),
    nothing: fc.constant(null),
    flag: fc.boolean(),
    huge: fc.constantFrom(1e308, -1e308, 2 ** 53, 2 ** 63, Number.MAX_SAFE_INTEGER),
    negative: fc.integer({ max: -1 }),
    fraction: fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    digits: fc.integer().map(String),
    empty: fc.constant(""),
    nul: fc.constantFrom("\0", "a\0b"),
    half: fc.constantFrom("\ud800", "a\udc00b"),
    control: fc.constantFrom("a\nb", "a\u0007b", "a\u009fb"),
    long: fc.integer({ min: 200, max: 40_000 }).map((length) => "x".repeat(length)),
    odd: fc.string({ unit: "binary", maxLength: 40 }),
    list: fc.constant([]),
    filled: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { minLength: 1, maxLength: 4 }),
    object: fc.constant({}),
    prototype: fc.constant(JSON.parse('{"__proto__":{"isAdmin":true}}')),
    maker: fc.constant({ constructor: { prototype: { isAdmin: true } } }),
    deep: fc.integer({ min: 5, max: 20 }).map(nested),
    tooDeep: fc.integer({ min: 33, max: 2_000 }).map(nested),
  })
  .map((kinds): unknown[] => Object.values(kinds));

/** Every place of a document, leaves and branches, the whole of it first: `contracts.0.address`. */
export function placesOf(value: unknown, at: string[] = []): string[] {
  const inside = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [at.join("."), ...inside.flatMap(([key, inner]) => placesOf(inner, [...at, key]))];
}

/** The document with what stands at a place replaced, as JSON. */
export function replaced(document: unknown, place: string, value: unknown): string {
  if (place === "") return value === absent ? "" : JSON.stringify(value);
  const copy = structuredClone(document) as Record<string, unknown>;
  const keys = place.split(".");
  const last = keys.pop() ?? "";
  const parent = keys.reduce((inner, key) => inner[key] as Record<string, unknown>, copy);
  if (value !== absent) parent[last] = value;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return JSON.stringify(copy);
}

/** The documents with a name too many in one of their objects, one that the language itself knows included. */
export function overfilled(document: unknown, place: string): string[] {
  const whole = JSON.parse(replaced({ document }, `document${place && `.${place}`}`, "here"));
  const before = valueAt(document, place);
  const inner = JSON.stringify(before).slice(1);
  const comma = inner === "}" ? "" : ",";
  const objects = ['"surplus":1', '"constructor":{"a":1}', '"__proto__":{"isAdmin":true}'].map((more) => `{${more}${comma}${inner}`);
  return objects.map((object) => JSON.stringify(whole.document).replace('"here"', () => object));
}

export function valueAt(document: unknown, place: string): unknown {
  if (place === "") return document;
  return place.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], document);
}

/** What rules say of a value at a place; indices stand as `*` in them. */
export function verdictOf(rules: Rules, place: string, value: unknown): Verdict {
  const rule = rules[place.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*")];
  const said = rule?.(value === absent ? absent : JSON.parse(JSON.stringify(value))) ?? false;
  return said === true ? "accepted" : said === false ? "refused" : said;
}

/** Whether a text is one the database holds: the rule of all texts. */
export function isPlain(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}
