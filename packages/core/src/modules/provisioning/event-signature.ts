/** A parameter of an ABI's event, as the schema lets it through. */
interface Parameter {
  type: string;
  components?: unknown[] | undefined;
}

/** An event's signature, such as `Transfer(address,address,uint256)`: what tells events of one name apart. */
export function eventSignature(name: string, inputs: readonly Parameter[] = []): string {
  return `${name}(${inputs.map(canonicalType).join(",")})`;
}

/** The type as signatures spell it: a tuple by its components, `uint` and `int` with their bits. */
function canonicalType({ type, components }: Parameter): string {
  if (!components || !type.startsWith("tuple")) return type.replace(/^(u?int)(?!\d)/, "$1256");
  return `(${(components as Parameter[]).map(canonicalType).join(",")})${type.slice("tuple".length)}`;
}
