export { assertAddressAllowed, assertPublicAddress, type EgressPolicy, EgressRefused, type ResolvedAddress, refusalOf } from "./address.ts";
export { egressAgent, type EgressAgentOptions, guardedLookup } from "./agent.ts";
export { EgressFailed, egressFetch, type EgressRequest, type EgressResponse } from "./fetch.ts";
