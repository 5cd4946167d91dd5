import ipaddr from "ipaddr.js";
import { type ResolvedAddress, resolveName } from "./resolve.ts";

/** What an operator lets outbound requests reach. */
export interface EgressPolicy {
  /**
   * Lets requests reach loopback, private networks (RFC 1918, fc00::/7) and carrier-grade NAT: for development and for operators
   * who run their own nodes. Link-local, metadata, multicast, unspecified, reserved and translated addresses stay refused.
   */
  allowPrivateTargets: boolean;
}

/** A host that the egress policy forbids. The message names host, address, the reason and the remedy. */
export class EgressRefused extends Error {
  readonly code = "egress_refused";
  readonly host: string;
  readonly address: string;
  readonly reason: string;

  constructor(host: string, address: string, reason: string, allowPrivateTargets: boolean) {
    const target = host === address ? address : `${host} (${address})`;
    const remedy =
      !allowPrivateTargets && allowedWithPrivate.has(reason)
        ? "use a public address, or let the operator allow private targets"
        : "use a public address";
    super(`refused to connect to ${target}: ${reason}; ${remedy}`);
    this.name = "EgressRefused";
    this.host = host;
    this.address = address;
    this.reason = reason;
  }
}

const reasons: Record<string, string> = {
  "6to4": "a 6to4 address",
  as112: "a reserved address",
  as112v6: "a reserved address",
  benchmarking: "a reserved address",
  broadcast: "the broadcast address",
  carrierGradeNat: "a carrier-grade NAT address",
  deprecatedSiteLocal: "a site-local address",
  ipv4Mapped: "an IPv4-mapped IPv6 address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  multicast: "a multicast address",
  private: "a private address",
  rfc6052: "a NAT64 address",
  teredo: "a Teredo address",
  uniqueLocal: "a private address",
  unspecified: "the unspecified address",
};

const allowedWithPrivate = new Set(["a loopback address", "a private address", "a carrier-grade NAT address"]);

/** Instance metadata services outside of link-local: they hand out credentials, so no policy lets them be reached. */
const metadataAddresses = new Set(["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]);

/**
 * Why the policy forbids an IP address; null where it may be reached.
 * @param address IPv4 or IPv6 in its text form; anything else counts as forbidden.
 */
export function refusalOf(address: string, policy: EgressPolicy): string | null {
  if (!ipaddr.isValid(address)) return "not an IP address";
  const parsed = ipaddr.parse(address);
  if (metadataAddresses.has(parsed.toString())) return "an instance metadata address";
  const range: string = parsed.range();
  if (range === "unicast") {
    // Only 2000::/3 is handed out for global use (IANA); what lies outside may be routed to anything.
    if (parsed.kind() === "ipv6" && (parsed.toByteArray()[0] ?? 0) >> 5 !== 1) return "an unallocated address";
    return null;
  }
  const reason = reasons[range] ?? "a reserved address";
  return policy.allowPrivateTargets && allowedWithPrivate.has(reason) ? null : reason;
}

/** Throws EgressRefused unless the policy lets this IP address be reached. `host` is what the message calls it. */
export function assertAddressAllowed(host: string, address: string, policy: EgressPolicy): void {
  const reason = refusalOf(address, policy);
  if (reason) throw new EgressRefused(host, address, reason, policy.allowPrivateTargets);
}

/** The address written in a host, without the brackets of IPv6; null for a name that DNS must resolve. */
export function addressLiteral(host: string): string | null {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  return ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare) ? bare : null;
}

/**
 * Resolves a host and requires that every address it has may be reached: one forbidden address refuses the host.
 * The answer holds for this moment only. To connect, use `egressAgent`, which checks the address it connects to.
 * @throws EgressRefused for a forbidden address; the error of `resolveName` for a name without one.
 */
export async function assertPublicAddress(host: string, policy: EgressPolicy): Promise<ResolvedAddress[]> {
  const literal = addressLiteral(host);
  if (literal) {
    assertAddressAllowed(host, literal, policy);
    return [{ address: literal, family: literal.includes(":") ? 6 : 4 }];
  }
  const found = await resolveName(host);
  for (const { address } of found) assertAddressAllowed(host, address, policy);
  return found;
}
