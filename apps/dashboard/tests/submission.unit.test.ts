import { expect, it } from "vitest";
import { AuthRefused, refusalCode } from "../src/api/auth.ts";
import { stillRefused } from "../src/ui/use-submission.ts";

it("what the authentication service finds wrong with an entry is said of that entry", () => {
  const code = refusalCode({ code: "VALIDATION_ERROR", message: "[body.email] Invalid email address" }, 400);
  expect(new AuthRefused(code, "", null).field).toBe("email");
  expect(refusalCode({ code: "INVALID_NAME", message: "name: use at most 64 characters" }, 400)).toBe("INVALID_NAME");
  expect(refusalCode({}, 502)).toBe("502");
});

it("what the server refused holds until its field changes, whatever happens to the others", () => {
  const sent = { name: "Acme", slug: "acme", scopes: ["deployments:read"] };
  const faults = [
    { path: "slug", message: "the slug acme is taken, choose another" },
    { path: "scopes.0", message: "not this one" },
  ];
  expect(stillRefused(faults, sent, { ...sent, name: "Other", scopes: [...sent.scopes] })).toEqual(faults);
  expect(stillRefused(faults, sent, { ...sent, slug: "acme-2" })).toEqual([faults[1]]);
  expect(stillRefused(faults, sent, { ...sent, scopes: [] })).toEqual([faults[0]]);
  expect(stillRefused(faults, sent, sent)).toEqual(faults);
});
