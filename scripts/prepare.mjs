// Installs the packages and builds the dashboard, each only when its inputs changed. Runs under the toolchain's Node, alone: a second
// bootstrap of the same clone waits for the first.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { lifeline, runQuietly } from "./programs.mjs";
import { phase, refuse, say } from "./progress.mjs";
import { root } from "./toolchain.mjs";

const { values } = parseArgs({ options: { npm: { type: "string" }, dashboard: { type: "boolean", default: false } } });
const stampFile = join(root, "node_modules/.obelisk-installed");
const lockFile = join(root, "package-lock.json");
const distribution = join(root, "apps/dashboard/dist");

/** Kept here: collected as garbage it would let go of its lock. */
const lock = await takeLock();
try {
  await installPackages();
  if (values.dashboard) await buildDashboard();
} catch (error) {
  refuse(error.message);
} finally {
  lock.close();
}

/** The system's lock on a file, held by SQLite: gone with the process, however it ends. */
async function takeLock() {
  const folder = join(root, ".toolchain");
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "lock"), { timeout: 0 });
  for (let waited = 0; ; waited += 1) {
    try {
      database.exec("begin exclusive");
      return database;
    } catch (error) {
      if (!/locked|busy/i.test(error.message)) throw error;
      if (waited % 40 === 0) say("another command installs in this clone: waiting for it");
      if (waited > 3_600) refuse("another command has been installing in this clone for 15 minutes: end it and start again");
      await delay(250);
    }
  }
}

async function installPackages() {
  const stamp = fingerprint([
    lockFile,
    ...globSync(["package.json", "{apps,packages,runtimes}/*/package.json"], { cwd: root }).map((file) => join(root, file)),
  ]);
  if (read(stampFile) === stamp) return;
  if (isInstalled()) {
    writeFileSync(stampFile, stamp);
    return;
  }
  rmSync(stampFile, { force: true });
  const install = () =>
    // Even where NODE_ENV is production: the dashboard is built here, and the platform's programs are optional packages.
    underLifeline([values.npm, "ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"], { cwd: root });
  await phase("installing packages (npm ci)", () =>
    install().catch((error) => {
      say(
        `  npm failed, trying once more: ${error.message.split("\n").find((line) => line.startsWith("npm error")) ?? "see below if it fails again"}`,
      );
      return install();
    }),
  );
  writeFileSync(stampFile, stamp);
}

/** Ends with this process: no half-done work goes on without the lock. */
function underLifeline(args, options) {
  return runQuietly(process.execPath, ["--import", lifeline, ...args], options);
}

/** Whether what npm installed before, by whatever command, is what the lock file says: then nothing is to do. */
function isInstalled() {
  const hidden = read(join(root, "node_modules/.package-lock.json"));
  if (!hidden || !existsSync(join(root, "node_modules/node/bin/node"))) return false;
  const installed = JSON.parse(hidden).packages;
  return Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages).every(
    ([path, wanted]) =>
      !path.includes("node_modules/") || installed[path]?.version === wanted.version || (wanted.optional && !installed[path]),
  );
}

async function buildDashboard() {
  if (!existsSync(join(root, "apps/dashboard/index.html"))) return;
  const sources = globSync(["apps/dashboard/{src,public}/**/*", "apps/dashboard/*.*", "packages/schemas/src/**/*", "package-lock.json"], {
    cwd: root,
    withFileTypes: true,
  });
  const files = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const stamp = fingerprint(files);
  const stampOfBuild = join(distribution, ".built-from");
  if (read(stampOfBuild) === stamp) return;
  rmSync(stampOfBuild, { force: true });
  const vite = join(root, "node_modules/vite/bin/vite.js");
  await phase("building the dashboard", () => underLifeline([vite, "build", "--logLevel", "warn"], { cwd: join(root, "apps/dashboard") }));
  writeFileSync(stampOfBuild, stamp);
}

function fingerprint(files) {
  const hash = createHash("sha256").update(`${process.version} ${process.platform}-${process.arch}\n`);
  for (const file of files.sort()) hash.update(`${file.slice(root.length)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}
