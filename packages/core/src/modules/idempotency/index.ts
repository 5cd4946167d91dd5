export {
  forgetExpired,
  type IdempotentRequest,
  isAnswered,
  type KeptAnswer,
  keepAnswer,
  keepRefusal,
  readAnswer,
  replay,
  type StoredAnswer,
} from "./answers.ts";
export { recall } from "./recall.ts";
export { requestHash } from "./request-hash.ts";
export { sweepIdempotencyKeys } from "./sweep.ts";
export { beginRequest } from "./under-way.ts";
