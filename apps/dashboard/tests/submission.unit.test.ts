import { expect, it } from "vitest";
import { stillRefused } from "../src/ui/use-submission.ts";

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
