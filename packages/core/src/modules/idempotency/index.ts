export {
  type Claim,
  type Claimed,
  type ClaimRequest,
  claimRequest,
  keepAnswer,
  keepRefusal,
  releaseClaim,
  type StoredAnswer,
} from "./claim-request.ts";
export { requestHash } from "./request-hash.ts";
export { sweepIdempotencyKeys } from "./sweep.ts";
