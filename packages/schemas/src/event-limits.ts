/** The indexer program's own limits, stated again since it is never imported: a body above them would be accepted and then fail. */
export const eventLimits = {
  /** Distinct events of all contracts together: each has a table. */
  events: 500,
  /** Arrays and tuples within each other. */
  nesting: 8,
  /** 32-byte words of an array of fixed length. */
  staticWords: 4_096,
} as const;

/** A parameter of an event whose form was checked. */
export interface EventParameter {
  name?: string;
  type: string;
  indexed?: boolean;
  components?: EventParameter[];
}

/** Lengths of the arrays around a type: of `uint8[2][]`, 2 and null, the innermost first. */
export function arrayLengths(type: string): (number | null)[] {
  return [...type.matchAll(/\[(\d*)\]/g)].map(([, digits]) => (digits ? Number(digits) : null));
}

/** Whether an array of the type, at whatever level of its brackets, has more than `eventLimits.staticWords`. */
export function isArrayTooLarge({ type, components = [] }: EventParameter): boolean {
  let words = elementWords(type, components);
  for (const length of arrayLengths(type)) {
    // What stands behind an offset takes one word in place.
    if (length !== null && length * (words ?? 1) > eventLimits.staticWords) return true;
    words = length === null || words === null ? null : length * words;
  }
  return false;
}

/** Size in place of the type without its arrays, in 32-byte words; null where it is dynamic. */
function elementWords(type: string, components: readonly EventParameter[]): number | null {
  if (/^(?:bytes|string)(?!\d)/.test(type)) return null;
  if (!type.startsWith("tuple")) return 1;
  let sum: number | null = 0;
  for (const component of components) {
    let words = elementWords(component.type, component.components ?? []);
    for (const length of arrayLengths(component.type)) words = length === null || words === null ? null : words * length;
    sum = sum === null || words === null ? null : sum + words;
  }
  return sum;
}

/**
 * Index of the first ABI with which there are more than `eventLimits.events` tables; -1 where they all fit. Equal declarations share a
 * table, and within a contract a signature has one for each number of topics.
 */
export function firstAbiAbove(
  abis: readonly { type: string; name?: string | undefined; anonymous?: boolean | undefined; inputs?: readonly unknown[] | undefined }[][],
): number {
  const keys = new Set<string>();
  return abis.findIndex((abi) => {
    const told = new Map<string, string>();
    for (const { type, name, anonymous, inputs = [] } of abi) {
      if (type !== "event" || anonymous) continue;
      const parameters = inputs as readonly EventParameter[];
      const signature = eventSignature(name ?? "", parameters);
      const topics = parameters.filter(({ indexed }) => indexed).length;
      const own = `${signature}${topics}`;
      if (!told.has(own)) told.set(own, JSON.stringify([signature, parameters.map((one) => [names(one), one.indexed === true])]));
    }
    for (const key of told.values()) keys.add(key);
    return keys.size > eventLimits.events;
  });
}

/** An event's signature, such as `Transfer(address,address,uint256)`: what tells events of one name apart. */
export function eventSignature(name: string, inputs: readonly Typed[] = []): string {
  return `${name}(${inputs.map(canonicalType).join(",")})`;
}

interface Typed {
  type: string;
  components?: readonly unknown[] | undefined;
}

/** The type as signatures spell it: a tuple by its components, `uint` and `int` with their bits. */
function canonicalType({ type, components = [] }: Typed): string {
  if (type.startsWith("tuple")) return `(${(components as Typed[]).map(canonicalType).join(",")})${type.slice("tuple".length)}`;
  return type.replace(/^(u?int)(?!\d)/, "$1256");
}

function names({ name = "", type, components = [] }: EventParameter): unknown[] {
  return [name, ...(type.startsWith("tuple") ? components.map(names) : [])];
}
