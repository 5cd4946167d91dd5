/** Child process: standard JSON in on stdin, the compiler's answer out on stdout. */
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
let rest = Buffer.from(solc.compile(readFileSync(0, "utf8")), "utf8");
while (rest.length > 0) rest = rest.subarray(writeSync(1, rest));
