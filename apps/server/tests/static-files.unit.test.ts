import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StaticFolder } from "../src/http/static-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "obelisk-static-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("knows nothing of a file that a new build has taken away, and serves the new build from then on", async () => {
  for (const name of ["index.html", "page-1.js"]) writeFileSync(join(folder, name), "old");
  const files = new StaticFolder(folder);
  expect(await text(files, "/index.html")).toBe("old");
  rmSync(join(folder, "page-1.js"));
  for (const name of ["index.html", "page-2.js"]) writeFileSync(join(folder, name), "new");
  expect(await files.get("/page-1.js")).toBeNull();
  expect([await text(files, "/index.html"), await text(files, "/page-2.js")]).toEqual(["new", "new"]);
});

async function text(files: StaticFolder, path: string): Promise<string | undefined> {
  const file = await files.get(path);
  return file ? Buffer.from(file.body).toString() : undefined;
}
