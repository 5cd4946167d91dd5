import type { Platform } from "../../kernel/context.ts";
import { type IdempotentRequest, inProgress, requireSameBody } from "./answers.ts";

/** Requests that this process is answering, by what makes them one, with the hash of their body. */
const underWay = new WeakMap<Platform, Map<string, Buffer>>();

/**
 * Marks a request as under way in this process; call what it returns when it is answered. Its repetitions are told to come again. That only
 * one attempt's change is committed, in whichever process, is up to the kept answer.
 * @throws ObeliskError `idempotency_in_progress`; `idempotency_key_reused` for another body
 */
export function beginRequest(platform: Platform, { keyId, route, idempotencyKey, requestHash }: IdempotentRequest): () => void {
  const requests = underWay.get(platform) ?? new Map<string, Buffer>();
  underWay.set(platform, requests);
  const name = `${keyId} ${route} ${idempotencyKey}`;
  const first = requests.get(name);
  if (first) {
    requireSameBody(requestHash, first);
    throw inProgress();
  }
  requests.set(name, requestHash);
  return () => requests.delete(name);
}
