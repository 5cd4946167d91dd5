import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createIndexerSchema } from "@obelisk/schemas/deployments";
import { eventLimits, eventSignature } from "@obelisk/schemas/event-limits";
import { expect, test } from "vitest";

const program = join(import.meta.dirname, "../../../runtimes/indexer/src");
const constant = (file: string, name: string): number =>
  Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(readFileSync(join(program, file), "utf8"))?.[1]?.replaceAll("_", ""));

const event = (name: string, ...inputs: object[]) => ({ type: "event", name, inputs });
/** Path and message of what is refused in a body with these ABIs. */
function refused(...abis: object[][]): string[] {
  const contracts = abis.map((abi, at) => ({ address: `0x${String(at).padStart(40, "0")}`, abi }));
  const parsed = createIndexerSchema.safeParse({ name: "Pool", network: "local", contracts });
  return parsed.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

test("the limits are the indexer program's", () => {
  expect(eventLimits).toEqual({
    events: constant("store/tables.ts", "maxTables"),
    nesting: constant("abi/types.ts", "maxNesting"),
    staticWords: constant("abi/types.ts", "maxStaticWords"),
  });
});

test("a signature spells tuples by their components and uint and int with their bits", () => {
  const components = [{ type: "uint[2]" }, { type: "tuple[]", components: [{ type: "int" }, { type: "bytes32" }] }];
  expect(eventSignature("E", [{ type: "tuple[3]", components }, { type: "uint8" }])).toBe("E((uint256[2],(int256,bytes32)[])[3],uint8)");
  expect(eventSignature("Bare")).toBe("Bare()");
});

test("501 different events over all contracts are refused, overloads counted and shared declarations not", () => {
  const many = (count: number, type = "uint256") => Array.from({ length: count }, (_, at) => event(`E${at}`, { name: "x", type }));
  expect(refused(many(500))).toEqual([]);
  expect(refused(many(500), many(500), many(500, "uint"))).toEqual([]);
  const message = "the contracts declare more than 500 different events together: leave out those you don't need";
  expect(refused(many(501))).toEqual([`contracts.0.abi: ${message}`]);
  expect(refused(many(300), [...many(100), ...many(201, "bytes32")], many(2))).toEqual([`contracts.1.abi: ${message}`]);
  // Encoded alike, and yet two signatures.
  expect(refused([...many(499), event("F", { name: "x", type: "function" }), event("F", { name: "x", type: "bytes24" })])).toEqual([
    `contracts.0.abi: ${message}`,
  ]);
  // Another name or flag of a parameter makes another table, in another contract.
  expect(refused(many(500), [event("E0", { name: "y", type: "uint256" })])).toEqual([`contracts.1.abi: ${message}`]);
  expect(refused([...many(500), event("E0", { name: "y", type: "uint256" })])).toEqual([]);
});

test("arrays above 4,096 words and types nested above 8 levels are refused at their field", () => {
  const at = "contracts.0.abi.0.inputs.0";
  const one = (type: string, components?: object[]) => refused([event("E", { name: "x", type, ...(components ? { components } : {}) })]);
  expect(one("uint8[4096]")).toEqual([]);
  expect(one("uint8[4097]")).toEqual([`${at}.type: the array is larger than 4096 words`]);
  expect(one("uint8[64][64]")).toEqual([]);
  expect(one("uint8[64][65][]")).toEqual([`${at}.type: the array is larger than 4096 words`]);
  expect(one("string[4096]")).toEqual([]);
  expect(one("tuple[2000]", [{ type: "uint8[2]" }, { type: "bool" }])).toEqual([`${at}.type: the array is larger than 4096 words`]);
  expect(one("tuple[2000]", [{ type: "uint8[2]" }, { type: "bytes" }, { type: "bool" }])).toEqual([]);
  expect(one("uint8[0]")).toEqual([`${at}.type: an array of length 0 can't be encoded`]);
  expect(one(`uint8${"[]".repeat(8)}`)).toEqual([]);
  expect(one(`uint8${"[]".repeat(9)}`)).toEqual([`${at}.type: types nest deeper than 8 levels`]);
  expect(one("tuple[][][]", [{ type: "uint8[][][][]" }])).toEqual([]);
  expect(one("tuple[][][]", [{ type: "uint8[][][][][]" }])).toEqual([`${at}.components.0.type: types nest deeper than 8 levels`]);
});

test("an event without a name or with more than three indexed parameters is refused at its field", () => {
  const parameters = (indexed: number) =>
    Array.from({ length: 4 }, (_, index) => ({ name: `p${index}`, type: "uint256", indexed: index < indexed }));
  expect(refused([{ type: "event", name: "E", inputs: parameters(3) }])).toEqual([]);
  const message = "at most 3 parameters of an event are indexed";
  expect(refused([{ type: "event", name: "E", inputs: parameters(4) }])).toEqual([`contracts.0.abi.0.inputs: ${message}`]);
  for (const name of [{}, { name: "" }])
    expect(refused([event("E"), { type: "event", ...name, inputs: [] }])).toEqual(["contracts.0.abi.1.name: name the event"]);
  // Nothing marks an anonymous event's logs, so none is stored: what it declares is no matter.
  expect(refused([event("E"), { type: "event", name: "A", anonymous: true, inputs: parameters(4) }])).toEqual([]);
});
