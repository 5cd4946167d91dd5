import { isIPv4, isIPv6 } from "node:net";

/**
 * What limits by address count as one caller: an IPv4 address, or the /64 network of an IPv6 address, of which everybody has all the addresses.
 * `unknown`, which is one caller too, for what is no address.
 */
export function callerNetwork(address: string | null): string {
  const bare = address?.replace(/%.*$/, "") ?? "";
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return "unknown";
  const words = wordsOf(bare);
  const [high = 0, low = 0] = words.slice(6);
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return `${words
    .slice(0, 4)
    .map((word) => word.toString(16))
    .join(":")}::/64`;
}

/** The eight 16-bit numbers of an IPv6 address. */
function wordsOf(address: string): number[] {
  // The URL parser writes every spelling alike, an IPv4 tail too.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split("::").map((half) => half.split(":").filter(Boolean));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail].map((word) => Number.parseInt(word, 16));
}
