// Runs dependency-cruiser on the workspace. It reads TypeScript with the compiler's old JavaScript API, which TypeScript 7
// no longer has: whatever asks for `typescript` in this process gets the `typescript-6` package.
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^typescript(?=\/|$)/, "typescript-6"), context),
});

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const { cruise, format } = await import("dependency-cruiser");
const extractConfiguration = await import("dependency-cruiser/config-utl/extract-depcruise-config");

const configuration = await extractConfiguration.default(pathToFileURL(join(root, ".dependency-cruiser.cjs")).pathname);
const folders = ["apps", "packages", "runtimes", "bench"].filter((folder) => existsSync(folder));
const { output } = await cruise(folders, { ...configuration.options, ruleSet: { forbidden: configuration.forbidden }, validate: true });
const seen = output.modules.filter(({ source }) => /^(apps|packages|runtimes|bench)\/.*\.tsx?$/.test(source)).length;
if (seen === 0) {
  console.error("dependency-cruiser saw no TypeScript: the typescript-6 package is missing or unusable");
  process.exit(1);
}
const report = await format(output, { outputType: "err-long" });
console.log(report.output.trim());
process.exit(output.summary.error > 0 ? 1 : 0);
