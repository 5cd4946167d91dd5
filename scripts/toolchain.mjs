// Node 24 and an npm that runs under it, from npm itself, in `.toolchain/`. Runs on the host's Node, 20 or newer.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { innerEnvironment } from "./environment.mjs";
import { runQuietly } from "./programs.mjs";
import { phase, refuse } from "./progress.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const folder = join(root, ".toolchain");
const npmVersion = "11.19.1";
const windows = process.platform === "win32";

/** The program of Node 24, fetched where it isn't here yet. */
export async function node24() {
  return nodeAtHand() ?? (await fetchNode());
}

/** What goes with that Node: `npm` (its npm-cli.js), and the environment to run programs in. */
export async function toolchain(node) {
  const npm = await npmProgram();
  const folders = [dirname(node), ...(npm.folder ? [npm.folder] : [])];
  // Compiled modules are kept: much of the time until Obelisk is ready is loading them.
  const env = { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled-modules"), ...innerEnvironment(folders) };
  return { npm: npm.cli, env };
}

/** Node 24 where it is here already; null on a fresh clone, and where a newer one is asked for. */
function nodeAtHand() {
  const { version, program } = wantedNode();
  // Not the one in node_modules, which an installation takes away under its own feet.
  if (process.versions.node === version && !process.execPath.startsWith(join(root, "node_modules"))) return process.execPath;
  return existsSync(program) ? program : null;
}

async function fetchNode() {
  const { version, name, place, program } = wantedNode();
  await phase(`getting Node ${version}`, () => install(`${name}@${version}`, place));
  return program;
}

/** The version package.json asks for, the npm package that brings it to this system, and where it belongs. */
function wantedNode() {
  const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies.node;
  const system = windows ? "win" : process.platform;
  const name = `${process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${system}-${process.arch}`;
  const place = join(folder, `node-${version}`);
  return { version, name, place, program: join(place, "node_modules", name, "bin", windows ? "node.exe" : "node") };
}

/** npm 10 leaves platform packages out under another Node than its own: at least 11 it must be. */
async function npmProgram() {
  const host = hostNpm();
  if (host && major(host) >= 11) return { cli: host, folder: null };
  const place = join(folder, `npm-${npmVersion}`);
  const cli = join(place, "node_modules/npm/bin/npm-cli.js");
  if (!existsSync(cli)) await phase(`getting npm ${npmVersion}`, () => install(`npm@${npmVersion}`, place));
  return { cli, folder: join(place, "node_modules/.bin") };
}

/** Installs one package; under another name first, so that neither an interruption nor a second bootstrap leaves half of it. */
async function install(what, place) {
  const npm = hostNpm();
  if (!npm) refuse("npm was not found. Install Node 20 or newer with its npm, and run the same command again.");
  mkdirSync(folder, { recursive: true });
  const unfinished = mkdtempSync(`${place}.new-`);
  try {
    const options = [
      "--prefix",
      unfinished,
      "--no-save",
      "--no-package-lock",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ];
    await runQuietly(process.execPath, [npm, "install", ...options, what], {
      cwd: unfinished,
      env: innerEnvironment([dirname(process.execPath)]),
    });
    // A temporary directory is its maker's alone; programs run under this Node as another user.
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, place);
  } catch (error) {
    // Another bootstrap was faster.
    if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function major(cli) {
  return Number(JSON.parse(readFileSync(join(dirname(cli), "../package.json"), "utf8")).version.split(".")[0]);
}

/** The npm-cli.js this was started by, or the one beside Node, or the one on the path. */
function hostNpm() {
  const started = process.env.npm_execpath;
  const beside = [
    join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js"),
    join(dirname(process.execPath), "node_modules/npm/bin/npm-cli.js"),
  ];
  const onPath = (process.env.PATH ?? "").split(windows ? ";" : ":").map((entry) => join(entry, "npm"));
  return [started, ...beside, ...onPath]
    .filter((path) => path && existsSync(path))
    .map((path) => realpathSync(path))
    .find((path) => path.endsWith("npm-cli.js"));
}
