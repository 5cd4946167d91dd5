export { assertAddressAllowed, assertPublicAddress, type EgressPolicy, EgressRefused, refusalOf } from "./address.ts";
export { type EgressAgentOptions, egressAgent, guardedLookup } from "./agent.ts";
export { EgressFailed, type EgressRequest, type EgressResponse, egressFetch } from "./fetch.ts";
export type { ResolvedAddress } from "./resolve.ts";
