// npm start
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bootstrap } from "./bootstrap.mjs";
import { lifeline } from "./programs.mjs";
import { nodeAtHand, root } from "./toolchain.mjs";

// First of all: nothing is installed or built under the feet of the one that runs.
const node = nodeAtHand();
if (node) {
  const { status } = spawnSync(node, [join(root, "scripts/refuse-taken-directory.mjs")], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
const { run } = await bootstrap({ dashboard: true });
process.exit(await run(["--import", lifeline, "packages/cli/src/main.ts", "up", ...process.argv.slice(2)], { tethered: true }));
