// The first step of every command: a fresh clone with nothing but Node 20 and npm becomes one that can run.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runInFront } from "./programs.mjs";
import { refuse } from "./progress.mjs";
import { node24, root, toolchain } from "./toolchain.mjs";

if (Number(process.versions.node.split(".")[0]) < 20) refuse(`Node 20 or newer is needed; this is ${process.versions.node}.`);

/**
 * Installs what is missing.
 * @param dashboard Whether the dashboard must be built, too.
 * @param freeDirectory Whether to end where another Obelisk runs on the data directory: nothing is installed or built under its feet.
 * @returns how to run the workspace's programs under the right Node.
 */
export async function bootstrap({ dashboard = false, freeDirectory = false } = {}) {
  process.chdir(root);
  const node = await node24().catch(refuseWithoutNetwork);
  if (freeDirectory) {
    // So far at most another Node was put beside those that are here.
    const asked = spawnSync(node, [join(root, "scripts/refuse-taken-directory.mjs")], { stdio: ["ignore", "inherit", "inherit"] });
    if (asked.status !== 0) process.exit(asked.status ?? 1);
  }
  const { npm, env } = await toolchain(node).catch(refuseWithoutNetwork);
  const status = await runInFront(node, [join(root, "scripts/prepare.mjs"), "--npm", npm, ...(dashboard ? ["--dashboard"] : [])], { env });
  if (status !== 0) process.exit(status);
  return {
    /** Runs a program of the workspace and gives its exit status. */
    run: (args, options) => runInFront(node, args, { env, ...options }),
    /** Whether it ends with status 0; what it says goes to the person. */
    succeeds: (args) => spawnSync(node, args, { env, stdio: ["ignore", "inherit", "inherit"] }).status === 0,
  };
}

function refuseWithoutNetwork(error) {
  refuse(`${error.message}\nIs the network there? The same command goes on where it stopped.`);
}
