import { callerNetwork } from "@obelisk/core/kernel/caller-network";
import fc from "fast-check";
import { expect, test } from "vitest";

test("IPv6 addresses of one /64 are one caller in every spelling, those of two are two", () => {
  const word = fc.nat(0xffff);
  const spelled = (words: number[]) => words.map((one) => one.toString(16)).join(":");
  fc.assert(
    fc.property(fc.array(word, { minLength: 4, maxLength: 4 }), fc.array(word, { minLength: 4, maxLength: 4 }), (network, host) => {
      fc.pre(network.some((one) => one !== 0));
      const address = spelled([...network, ...host]);
      const expected = `${spelled(network)}::/64`;
      for (const same of [address, address.toUpperCase(), `${spelled(network)}::`, `${address}%eth0`])
        expect(callerNetwork(same)).toBe(expected);
      const [first = 0, ...rest] = network;
      expect(callerNetwork(spelled([first ^ 1, ...rest, ...host]))).not.toBe(expected);
    }),
  );
  expect(callerNetwork("2001:db8::1")).toBe("2001:db8:0:0::/64");
});

test("an IPv4 address is one caller, also where IPv6 carries it, and what is no address is all one", () => {
  for (const same of ["1.2.3.4", "::ffff:1.2.3.4", "::FFFF:0102:0304", "0:0:0:0:0:ffff:1.2.3.4"])
    expect(callerNetwork(same)).toBe("1.2.3.4");
  for (const none of [null, "", "1.2.3", "1.2.3.4:5678", "[::1]", "name", ":::"]) expect(callerNetwork(none)).toBe("unknown");
});
