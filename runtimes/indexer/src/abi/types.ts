/** A Solidity ABI type, parsed. `words` of static types is their size in 32-byte words. */
export type AbiType =
  | { kind: "uint" | "int"; bits: number }
  | { kind: "address" | "bool" | "bytes" | "string" }
  /** `function` is an address and a selector: encoded as 24 bytes, and called `function` in signatures. */
  | { kind: "fixedBytes" | "function"; size: number }
  | { kind: "array"; item: AbiType; length: number | null }
  | { kind: "tuple"; components: { name: string; type: AbiType }[] };

/** A parameter as the JSON ABI writes it. */
export interface JsonAbiParameter {
  name?: unknown;
  type?: unknown;
  indexed?: unknown;
  components?: unknown;
}

const maxNesting = 8;
const maxStaticWords = 4_096;

/**
 * Parses a parameter's type.
 * @throws Error naming the type and why it is not one an event can carry.
 */
export function parseAbiType(parameter: JsonAbiParameter, nesting = 0): AbiType {
  if (typeof parameter.type !== "string") throw new Error("a parameter has no type");
  if (nesting > maxNesting) throw new Error(`types nest deeper than ${maxNesting} levels`);
  const array = /^(.+)\[(\d*)\]$/.exec(parameter.type);
  if (array) {
    const length = array[2] === "" ? null : Number(array[2]);
    if (length === 0) throw new Error(`${parameter.type}: an array of length 0 can't be encoded`);
    const item = parseAbiType({ ...parameter, type: array[1] }, nesting + 1);
    const type: AbiType = { kind: "array", item, length };
    if (length !== null && length * staticWords(item) > maxStaticWords)
      throw new Error(`${parameter.type} is larger than ${maxStaticWords} words`);
    return type;
  }
  if (parameter.type === "tuple") {
    if (!Array.isArray(parameter.components) || parameter.components.length === 0) throw new Error("a tuple has no components");
    const components = parameter.components.map((component: JsonAbiParameter) => ({
      // A key of a JSON document in PostgreSQL, which holds neither NUL nor half a surrogate pair.
      name: typeof component?.name === "string" ? component.name.toWellFormed().replaceAll("\0", "\ufffd") : "",
      type: parseAbiType(component ?? {}, nesting + 1),
    }));
    return { kind: "tuple", components };
  }
  return parseElementary(parameter.type);
}

function parseElementary(type: string): AbiType {
  if (type === "address" || type === "bool" || type === "bytes" || type === "string") return { kind: type };
  if (type === "function") return { kind: "function", size: 24 };
  const integer = /^(u?int)(\d*)$/.exec(type);
  if (integer) {
    const bits = integer[2] ? Number(integer[2]) : 256;
    if (bits >= 8 && bits <= 256 && bits % 8 === 0) return { kind: integer[1] === "int" ? "int" : "uint", bits };
  }
  const fixedBytes = /^bytes(\d+)$/.exec(type);
  if (fixedBytes) {
    const size = Number(fixedBytes[1]);
    if (size >= 1 && size <= 32) return { kind: "fixedBytes", size };
  }
  throw new Error(`${type.slice(0, 64)} is no ABI type an event can carry`);
}

/** The type as it stands in an event's signature. */
export function canonicalType(type: AbiType): string {
  switch (type.kind) {
    case "uint":
    case "int":
      return `${type.kind}${type.bits}`;
    case "fixedBytes":
      return `bytes${type.size}`;
    case "array":
      return `${canonicalType(type.item)}[${type.length ?? ""}]`;
    case "tuple":
      return `(${type.components.map(({ type: component }) => canonicalType(component)).join(",")})`;
    default:
      return type.kind;
  }
}

/** Whether the encoding stands behind an offset instead of in place. */
export function isDynamic(type: AbiType): boolean {
  if (type.kind === "bytes" || type.kind === "string") return true;
  if (type.kind === "array") return type.length === null || isDynamic(type.item);
  return type.kind === "tuple" && type.components.some((component) => isDynamic(component.type));
}

/** Size of the type in place, in 32-byte words: 1 for what stands behind an offset. */
export function staticWords(type: AbiType): number {
  if (isDynamic(type)) return 1;
  if (type.kind === "array") return (type.length ?? 0) * staticWords(type.item);
  if (type.kind === "tuple") return type.components.reduce((sum, component) => sum + staticWords(component.type), 0);
  return 1;
}

/** Whether a topic holds the value itself; of other types it holds only the Keccak-256 hash. */
export function fitsTopic(type: AbiType): boolean {
  return type.kind !== "bytes" && type.kind !== "string" && type.kind !== "array" && type.kind !== "tuple";
}
