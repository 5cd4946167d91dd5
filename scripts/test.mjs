// npm test: every check and every test. With arguments, only the tests they name (`npm test -- packages/core`).
import { bootstrap } from "./bootstrap.mjs";
import { failedChecks } from "./checks.mjs";
import { ensureChromium } from "./chromium.mjs";
import { refuse, say } from "./progress.mjs";

const chosen = process.argv.slice(2);
const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const { run } = await bootstrap({ dashboard: true });
await ensureChromium();
if (chosen.length > 0) process.exit(await run([...vitest, ...chosen]));
const failed = await failedChecks(run);
say("tests against real parts");
const status = await run([...vitest, "--project", "real"]);
if (status > 128) process.exit(status);
if (status !== 0) failed.push("tests against real parts");
if (failed.length > 0) refuse(`Failed: ${failed.join(", ")}`);
say("all checks and tests passed");
