export type { ChainAdapter, ChainEndpoint, ChainErrorCode, ChainProbe } from "./chain.ts";
export { ChainError } from "./chain.ts";
export { evmAdapter } from "./evm/adapter.ts";
