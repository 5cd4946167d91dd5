import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { tethered } from "./launch.ts";
import type { PostgresHome } from "./postgres-home.ts";
import type { PostgresProgram } from "./postgres-program.ts";

const run = promisify(execFile);

/** The database's superuser. */
export const superuser = "obelisk";

/**
 * Makes the data directory if there is none yet.
 * @param passwordFile Holds the superuser's password; written on the first start.
 * @returns the superuser's password.
 * @throws when the directory belongs to another major version, or initdb fails.
 */
export async function ensureCluster(place: PostgresHome, program: PostgresProgram, passwordFile: string): Promise<string> {
  const versionFile = join(place.data, "PG_VERSION");
  if (!existsSync(versionFile)) {
    if (existsSync(place.data)) throw new Error(`${place.data} is there but holds no PostgreSQL database: move it away and start again`);
    const password = randomBytes(24).toString("base64url");
    writeFileSync(passwordFile, password, { mode: 0o600 });
    await initialize(place, program, password);
  }
  const version = readFileSync(versionFile, "utf8").trim();
  if (version !== program.major) {
    throw new Error(
      `The database in ${place.data} is of PostgreSQL ${version}; this build brings ${program.major}. Start the build that made it and take a backup to restore, or set DATABASE_URL.`,
    );
  }
  if (!existsSync(passwordFile))
    throw new Error(`${passwordFile}, the password of the database in ${place.data}, is gone: restore it from a backup`);
  return readFileSync(passwordFile, "utf8");
}

async function initialize({ user, home, data }: PostgresHome, program: PostgresProgram, password: string): Promise<void> {
  // Under another name first: a start that is killed half way leaves nothing that looks like a database.
  const unfinished = `${data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(home, "initdb-password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  const options = [
    ...["-D", unfinished, "-U", superuser, "--auth=scram-sha-256", `--pwfile=${passwordFile}`],
    ...["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"],
  ];
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    if (user) chownSync(unfinished, user.uid, user.gid);
    const command = tethered({ program: program.initdb, args: options, user, tether: { signal: "KILL" } });
    await run(command.program, command.args, { cwd: "/", env: {}, timeout: 120_000 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`The database could not be made in ${data}: ${(stderr || message).trim().slice(-1_500)}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, data);
}
