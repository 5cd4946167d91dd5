import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canExecute, databaseUser } from "./database-user.ts";
import type { SystemUser } from "./launch.ts";

/** Where the database lies and who runs it. */
export interface PostgresHome {
  user: SystemUser | null;
  /** Directory the user can enter; holds `data` and, where needed, a copy of the programs. */
  home: string;
  data: string;
}

/** Where databases go whose own directory their user can't enter. */
const elsewhere = "/var/lib/obelisk";

/**
 * The home is the given directory, unless PostgreSQL's user can't enter it (a directory under root's home): then it is one
 * under `/var/lib/obelisk`, written down in `location.json` so that every later start finds it.
 * @throws when the place written down is gone, or an existing database can't be reached by its user.
 */
export function postgresHome(directory: string, report: (line: string) => void): PostgresHome {
  if (mkdirSync(directory, { recursive: true })) chmodSync(directory, 0o711);
  const record = join(directory, "location.json");
  if (existsSync(record)) {
    const { home } = JSON.parse(readFileSync(record, "utf8")) as { home: string };
    if (!existsSync(home)) {
      throw new Error(
        `The database lies in ${home} by ${record}, and isn't there any more. Put it back, or delete ${directory} to begin with an empty one.`,
      );
    }
    return at(home);
  }
  const here = at(directory);
  if (!here.user || canExecute(here.user, directory)) return here;
  if (existsSync(here.data)) {
    throw new Error(
      `PostgreSQL's user (uid ${here.user.uid}) can't enter ${directory}, where the database lies. Let others enter the directories above it (chmod o+x), or move the data directory.`,
    );
  }
  const home = makePlace();
  writeFileSync(record, `${JSON.stringify({ home })}\n`);
  report(`PostgreSQL's user can't enter ${directory}: the database lies in ${home}`);
  return at(home);
}

function at(home: string): PostgresHome {
  const data = join(home, "data");
  return { user: databaseUser(data), home, data };
}

function makePlace(): string {
  let parent = elsewhere;
  try {
    mkdirSync(parent, { recursive: true });
    // Whatever the umask: others must get through.
    chmodSync(parent, 0o711);
  } catch {
    parent = tmpdir();
  }
  const home = mkdtempSync(join(parent, "postgres-"));
  chmodSync(home, 0o711);
  return home;
}
