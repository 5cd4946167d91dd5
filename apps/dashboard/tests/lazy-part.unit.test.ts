import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { lazyPart, retryParts } from "../src/ui/lazy-part.tsx";

it("a part whose code could not be loaded says so where it stands, and is asked for again once somebody tries again", async () => {
  const cause = new TypeError("Failed to fetch dynamically imported module");
  let asked = 0;
  const Part = lazyPart<{ name: string }>(() => {
    asked += 1;
    return asked === 1 ? Promise.reject(cause) : Promise.resolve(({ name }) => createElement("p", null, name));
  });
  const shown = () => renderToStaticMarkup(createElement(Part, { name: "page" }));
  await Part.preload();
  await Part.preload();
  expect(shown).toThrow(cause);
  expect(asked).toBe(1);
  retryParts();
  await Part.preload();
  expect(shown()).toBe("<p>page</p>");
  retryParts();
  expect(shown()).toBe("<p>page</p>");
  expect(asked).toBe(2);
});
