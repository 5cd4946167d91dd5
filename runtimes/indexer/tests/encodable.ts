import type { AbiParameter } from "viem";

/** A parameter as viem encodes and decodes it: it knows the type `function` in signatures alone, and its encoding is that of `bytes24`. */
export function encodable<P extends AbiParameter>(parameter: P): P {
  const components = "components" in parameter ? { components: parameter.components.map(encodable) } : {};
  return { ...parameter, type: parameter.type.replace(/^function/, "bytes24"), ...components };
}
