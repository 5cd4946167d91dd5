import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { addressLiteral, assertAddressAllowed, assertPublicAddress, type EgressPolicy } from "./address.ts";

/**
 * A `lookup` for `net.connect` and `tls.connect` that hands out only addresses the policy allows, so what was checked is what is
 * connected to and a name that changes its answer in between gains nothing. Node skips `lookup` for hosts that are IP addresses
 * already: check those with `assertAddressAllowed`.
 */
export function guardedLookup(policy: EgressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    assertPublicAddress(hostname, policy).then(
      (addresses) => {
        const wanted = options.family === "IPv4" ? 4 : options.family === "IPv6" ? 6 : options.family;
        const usable = wanted ? addresses.filter(({ family }) => family === wanted) : addresses;
        const first = usable[0];
        if (!first) {
          callback(Object.assign(new Error(`${hostname} has no IPv${wanted} address`), { code: "ENOTFOUND" }), "", 0);
        } else if (options.all) {
          callback(null, usable);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), "", 0),
    );
  };
}

export interface EgressAgentOptions extends EgressPolicy {
  /** Sockets kept per origin; 16 unless told. */
  connections?: number;
  /** How long a connection may take to stand, in milliseconds; 5,000 unless told. */
  connectTimeoutMs?: number;
}

/** An undici agent that refuses forbidden addresses when it connects. Close it when done. */
export function egressAgent(options: EgressAgentOptions): Agent {
  const connect = buildConnector({ lookup: guardedLookup(options), timeout: options.connectTimeoutMs ?? 5_000 });
  return new Agent({
    connections: options.connections ?? 16,
    connect(target, callback) {
      const literal = addressLiteral(target.hostname) ?? (isIP(target.hostname) ? target.hostname : null);
      if (literal) {
        try {
          assertAddressAllowed(target.hostname, literal, options);
        } catch (refused) {
          callback(refused instanceof Error ? refused : new Error(String(refused)), null);
          return;
        }
      }
      connect(target, callback);
    },
  });
}
