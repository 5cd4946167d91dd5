import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeRefusals } from "../src/http/rest/refusals.ts";

test("the reference explains every code that an endpoint's program answers with", () => {
  const folder = join(import.meta.dirname, "../../../runtimes/indexer/src/api");
  const source = globSync("*.ts", { cwd: folder }).map((file) => readFileSync(join(folder, file), "utf8"));
  const codes = new Set(
    source.flatMap((text) => [...text.matchAll(/new Problem\(\s*\d+,\s*"(\w+)"|code: "(\w+)"/g)].map(([, a, b]) => a ?? b ?? "")),
  );
  expect(codes.size).toBeGreaterThan(8);
  const reference = describeRefusals();
  expect([...codes].filter((code) => !reference.includes(`\n\n\`${code}\`, **`))).toEqual([]);
});
