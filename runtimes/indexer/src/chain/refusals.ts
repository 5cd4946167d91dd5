/** What a JSON-RPC error means for the caller. */
type RefusalKind = "range" | "rate" | "other";

/** A JSON-RPC error. */
export interface Refusal {
  kind: RefusalKind;
  code: number;
  message: string;
}

const rate = /rate.?limit|too many requests|compute units|throughput|capacity exceeded|request limit|exceeded.*(?:per second|quota)|quota/i;
const range =
  /block range|range (?:is )?too|too (?:large|wide|many (?:blocks|logs|results))|more than \d+ (?:results|logs|blocks)|query returned|response size|result(?:s)? (?:set )?(?:exceed|limit)|exceed(?:s|ed)? (?:the )?(?:max|limit|range)|max(?:imum)? (?:block )?range|limited? to (?:a )?\d|up to (?:a )?[\d,]+ block|timeout|timed out|limit exceeded/i;

/** Characters of a node's message that are looked at: the patterns above take time that grows faster than the text, and nodes say why in their first words. */
const longestMessage = 1_000;

/** The error in an answer; null where there is none. */
export function readRefusal(answer: unknown): Refusal | null {
  const { error = null } = (answer ?? {}) as { error?: { code?: unknown; message?: unknown } | null };
  if (error === null) return null;
  const message = typeof error.message === "string" ? error.message.slice(0, longestMessage) : "no message";
  const code = typeof error.code === "number" ? error.code : 0;
  return { kind: refusalKind(code, message), code, message };
}

/** Tells from code and message why a node refused. Providers share no codes: -32005 is a rate limit here and a result limit there. */
export function refusalKind(code: number, message: string): RefusalKind {
  if (code === 429 || rate.test(message)) return "rate";
  if (range.test(message) || code === -32005) return "range";
  return "other";
}

/** A query that the node refuses for its range of blocks or the size of its result: ask for less. */
export class RangeRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RangeRefused";
  }
}

/** An error a node answered that isn't about ranges or rates. */
export class RpcRefused extends Error {
  readonly rpcCode: number;

  constructor(label: string, code: number, message: string) {
    super(`${label} answered error ${code}: ${message.slice(0, 200)}`);
    this.name = "RpcRefused";
    this.rpcCode = code;
  }
}

/** No endpoint could be asked, or none gave a usable answer. */
export class RpcUnavailable extends Error {
  /** Whether the node was reached but took too long. */
  readonly timedOut: boolean;

  constructor(message: string, options: ErrorOptions & { timedOut?: boolean } = {}) {
    super(message, options);
    this.name = "RpcUnavailable";
    this.timedOut = options.timedOut ?? false;
  }
}
