export { type AuthenticatedKey, authenticateKey, type RateState, type RateSurface } from "./authenticate-key.ts";
export { createApiKey } from "./create-api-key.ts";
export type { Repeatable } from "./look-up.ts";
export { pageApiKeys } from "./page-api-keys.ts";
export { revokeApiKey } from "./revoke-api-key.ts";
export { rotateApiKey } from "./rotate-api-key.ts";
export { newToken } from "./token.ts";
