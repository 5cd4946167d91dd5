import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { databaseRolePassword, equalSecrets, keyId, Secrets, UnreadableSecret } from "../src/kernel/secrets.ts";

const oldKey = "an-old-key-of-at-least-thirty-two-characters";
const newKey = "a-new-key-of-at-least-thirty-two-characters!";

describe("secrets at rest", () => {
  it("opens what it sealed, whatever the text", () => {
    const secrets = new Secrets([newKey]);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string(),
        (text, purpose) => secrets.open(secrets.seal(text, purpose), purpose) === text,
      ),
    );
  });

  it("never gives the same sealed form twice", () => {
    const secrets = new Secrets([newKey]);
    expect(secrets.seal("x", "p")).not.toBe(secrets.seal("x", "p"));
  });

  it("refuses a value moved to another purpose", () => {
    const secrets = new Secrets([newKey]);
    const open = () => secrets.open(secrets.seal("x", "deployment:a"), "deployment:b");
    // Typed, so that a deployment whose secret is lost fails with the cause instead of being started again for ever.
    expect(open).toThrow(UnreadableSecret);
    expect(open).toThrow("The stored secret deployment:b can't be opened");
  });

  it("refuses a value that was cut short, in whichever part", () => {
    const secrets = new Secrets([newKey]);
    const parts = secrets.seal("something", "purpose").split(".");
    for (let part = 2; part < parts.length; part += 1) {
      const cut = parts.map((text, index) => (index === part ? text.slice(0, 8) : text)).join(".");
      expect(() => secrets.open(cut, "purpose")).toThrow(UnreadableSecret);
    }
  });

  it("refuses a value with any character of its body changed", () => {
    const secrets = new Secrets([newKey]);
    const sealed = secrets.seal("a secret of some length", "p");
    const start = sealed.lastIndexOf(".") + 1;
    for (let index = start; index < sealed.length - 1; index += 1) {
      const other = sealed[index] === "A" ? "B" : "A";
      expect(() => secrets.open(sealed.slice(0, index) + other + sealed.slice(index + 1), "p")).toThrow();
    }
  });

  it("opens with an older key after a rotation and knows that the value is stale", () => {
    const sealed = new Secrets([oldKey]).seal("x", "p");
    const rotated = new Secrets([newKey, oldKey]);
    expect(rotated.open(sealed, "p")).toBe("x");
    expect(sealed.startsWith(rotated.newestPrefix)).toBe(false);
    expect(rotated.seal("x", "p").startsWith(rotated.newestPrefix)).toBe(true);
  });

  it("names the missing key, and nothing of its content, when the key is gone", () => {
    const sealed = new Secrets([oldKey]).seal("x", "p");
    expect(() => new Secrets([newKey]).open(sealed, "p")).toThrow(/It needs encryption key [0-9a-f]{8}: add that key/);
    expect(() => new Secrets([newKey]).open(sealed, "p")).toThrow(expect.objectContaining({ missingKey: keyId(oldKey) }));
    expect(() => new Secrets([oldKey]).open(sealed, "q")).toThrow(expect.objectContaining({ missingKey: null }));
  });

  it("gives each database role its own password, the same in every process", () => {
    expect(databaseRolePassword(newKey, "a")).toBe(databaseRolePassword(newKey, "a"));
    expect(databaseRolePassword(newKey, "a")).not.toBe(databaseRolePassword(newKey, "b"));
  });

  it("compares secrets of different length without throwing", () => {
    expect(equalSecrets("a", "abc")).toBe(false);
    expect(equalSecrets("abc", "abc")).toBe(true);
  });
});
