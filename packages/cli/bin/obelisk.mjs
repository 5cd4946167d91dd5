#!/usr/bin/env node
// `obelisk`: runs the command line under Node 24, which reads TypeScript.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const main = join(root, "packages/cli/src/main.ts");

if (Number(process.versions.node.split(".")[0]) >= 24) {
  const { main: run } = await import(pathToFileURL(main).href);
  process.exitCode = await run(process.argv.slice(2), process.env);
} else {
  const node = node24();
  if (!node) {
    console.error(
      `obelisk needs Node 24 and this is ${process.versions.node}: run \`npm start\` once in ${root}, which installs it, or \`npm ci\`.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself; only what is sent to this process alone is passed on.
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("exit", (code, signal) => {
    process.exitCode = signal ? 1 : (code ?? 1);
  });
}

/** Node 24 as `npm ci` or the bootstrap brought it. */
function node24() {
  const toolchain = join(root, ".toolchain");
  const folders = existsSync(toolchain) ? readdirSync(toolchain).filter((name) => /^node-24\.[\d.]+$/.test(name)) : [];
  const brought = folders.flatMap((folder) => {
    const packages = join(toolchain, folder, "node_modules");
    return readdirSync(packages)
      .filter((name) => name.startsWith("node-"))
      .map((name) => join(packages, name, "bin/node"));
  });
  return [join(root, "node_modules/node/bin/node"), ...brought].find((path) => existsSync(path));
}
