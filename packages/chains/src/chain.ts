/**
 * The port to a family of chains. Everything outside an adapter speaks of heads, addresses and code in the words of this file, so
 * that another family comes as another adapter.
 */
export interface ChainAdapter {
  /** Name of the family as networks carry it, such as `evm`. */
  readonly family: string;
  /**
   * The address in the family's canonical spelling; null when the text is no address, or carries a checksum that doesn't match.
   */
  parseAddress(text: string): string | null;
  /** Asks the first URL that answers for its chain and head. @throws ChainError */
  probe(endpoint: ChainEndpoint): Promise<ChainProbe>;
  /** Which of the addresses hold code at the head, in their order. @throws ChainError */
  hasCode(endpoint: ChainEndpoint, addresses: readonly string[]): Promise<boolean[]>;
  /** Gives back every connection. */
  close(): Promise<void>;
}

export interface ChainEndpoint {
  /** In order of preference. */
  rpcUrls: readonly string[];
  /** Whether they may point into private networks. */
  allowPrivateTargets: boolean;
  /** For the whole question over all URLs, in milliseconds. */
  timeoutMs: number;
}

export interface ChainProbe {
  chainId: number;
  headBlock: number;
}

export type ChainErrorCode = "unreachable" | "timeout" | "refused_address" | "too_large" | "not_a_chain" | "rpc_error";

/** A question a chain didn't answer. The message names origins, never paths or queries, where credentials often are. */
export class ChainError extends Error {
  readonly code: ChainErrorCode;

  constructor(code: ChainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ChainError";
    this.code = code;
  }
}
