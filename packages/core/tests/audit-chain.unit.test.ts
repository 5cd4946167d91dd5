import { describe, expect, it } from "vitest";
import { type ChainedContent, canonicalEntry, chainHash, chainStart } from "../src/kernel/audit-chain.ts";

const entry: ChainedContent = {
  id: "aud_1",
  organizationId: "org_1",
  at: new Date("2026-01-02T03:04:05.678Z"),
  actor: { type: "user", id: "usr_1", label: "a@b.test" },
  action: "api_key.created",
  target: { type: "api_key", id: "key_1", label: "ci" },
  data: { b: 1, a: { d: [1, { y: 2, x: 1 }], c: null } },
  requestId: "req_1",
  ip: null,
};

describe("the audit chain's spelling", () => {
  it("doesn't depend on the order of keys, at any depth", () => {
    const reordered = { ...entry, data: { a: { c: null, d: [1, { x: 1, y: 2 }] }, b: 1 } };
    expect(canonicalEntry(reordered)).toBe(canonicalEntry(entry));
  });

  it("changes with every field", () => {
    const variants: ChainedContent[] = [
      { ...entry, id: "aud_2" },
      { ...entry, organizationId: "org_2" },
      { ...entry, at: new Date("2026-01-02T03:04:05.679Z") },
      { ...entry, actor: { ...entry.actor, label: "c@d.test" } },
      { ...entry, action: "api_key.revoked" },
      { ...entry, target: { ...entry.target, id: "key_2" } },
      { ...entry, data: { ...entry.data, b: 2 } },
      { ...entry, requestId: "req_2" },
      { ...entry, ip: "::1" },
    ];
    const spelled = new Set(variants.map(canonicalEntry));
    expect(spelled.size).toBe(variants.length);
    expect(spelled.has(canonicalEntry(entry))).toBe(false);
  });

  it("binds an entry to its place and to its predecessor", () => {
    const canonical = canonicalEntry(entry);
    expect(chainHash(chainStart, 1, canonical)).not.toBe(chainHash(chainStart, 2, canonical));
    expect(chainHash(chainStart, 1, canonical)).not.toBe(chainHash("1".repeat(64), 1, canonical));
  });
});
