import type { UnreadableSecret } from "../../kernel/secrets.ts";
import type { Failure } from "./policy.ts";

/** What a deployment's people are told of a stored secret that a worker can't open: neither which one it is nor its key. */
export function secretFailure({ missingKey }: UnreadableSecret): Failure {
  if (missingKey !== null) {
    return {
      code: "encryption_key_missing",
      message: "The worker lacks the encryption key of a stored secret. Let the operator give every worker the same ENCRYPTION_KEY.",
    };
  }
  return {
    code: "secret_unreadable",
    message: "A stored secret can't be opened: it was changed or moved. The operator finds in the worker's log which one it is.",
  };
}
