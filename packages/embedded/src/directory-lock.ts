import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Proof that this process alone uses a data directory, until released or until the process ends. */
export interface DirectoryLock {
  release(): void;
}

/** Another process uses the data directory. */
export class DirectoryTaken extends Error {
  readonly directory: string;
  /** Process id of the holder; null when it hasn't written it down yet. */
  readonly pid: number | null;

  constructor(directory: string, holder: Holder | null) {
    const who = holder ? `process ${holder.pid}, since ${holder.since}` : "another process";
    super(
      `The data directory ${directory} is in use by ${who}. Stop that one (${holder ? `kill ${holder.pid}` : "Ctrl-C where it runs"}), or set OBELISK_DATA_DIR to another directory.`,
    );
    this.name = "DirectoryTaken";
    this.directory = directory;
    this.pid = holder?.pid ?? null;
  }
}

/**
 * For how long a start waits for the lock, in milliseconds: a command that only asks whether the directory is free has it for a moment, and
 * isn't what a start must be refused for.
 */
const askedMs = 200;

/** Collected as garbage, an open database would let go of its lock. */
const held = new Set<DatabaseSync>();

interface Holder {
  pid: number;
  since: string;
}

/**
 * Takes the directory, making it if it isn't there. The lock is the operating system's, on a file that SQLite opens
 * exclusively: of two at the same instant one gets it, and a process that is killed or whose number is used again leaves nothing behind.
 * @throws DirectoryTaken naming the holder.
 */
export function lockDirectory(directory: string): DirectoryLock {
  makeDirectory(directory);
  const holderFile = join(directory, "lock.json");
  const lockFile = join(directory, "lock");
  const lock = openLock(directory, lockFile);
  begin(lock, "begin exclusive", directory);
  writeFileSync(holderFile, JSON.stringify({ pid: process.pid, since: new Date().toISOString() } satisfies Holder), { mode: 0o600 });
  held.add(lock);
  return {
    release: () => {
      if (!held.delete(lock)) return;
      // Before the lock goes: the next holder writes its own.
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

/**
 * Asks for the directory without taking or changing anything: for a command with work to do before it takes it.
 * @throws DirectoryTaken naming the holder.
 */
export function requireFreeDirectory(directory: string): void {
  const lockFile = join(directory, "lock");
  if (!existsSync(lockFile)) return;
  let lock: DatabaseSync;
  try {
    lock = new DatabaseSync(lockFile, { readOnly: true, timeout: 0 });
  } catch (error) {
    throw unusable(directory, error);
  }
  // A read of the schema, unlike an empty transaction, needs the shared lock that a holder refuses.
  begin(lock, "select name from sqlite_schema", directory);
  lock.close();
}

/** Executes the statement that needs the lock; where it isn't to be had, closes and says who has it. */
function begin(lock: DatabaseSync, statement: string, directory: string): void {
  try {
    lock.exec(statement);
  } catch (error) {
    lock.close();
    if (!/locked|busy/i.test((error as Error).message)) throw unusable(directory, error);
    throw new DirectoryTaken(directory, readHolder(join(directory, "lock.json")));
  }
}

/** Under root the embedded database has a user of its own, who must get through, and see nothing: whatever the umask, and however it was made. */
function makeDirectory(directory: string): void {
  const made = mkdirSync(directory, { recursive: true });
  if (process.getuid?.() === 0) chmodSync(directory, made ? 0o711 : statSync(directory).mode | 0o011);
}

/** The file is its owner's alone: whoever may read it may lock it, and so keep the owner out. */
function openLock(directory: string, file: string): DatabaseSync {
  try {
    // Opened here only where it is new: closing it would end a lock that this process has on it.
    if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    return new DatabaseSync(file, { timeout: askedMs });
  } catch (error) {
    throw unusable(directory, error);
  }
}

function unusable(directory: string, cause: unknown): Error {
  return new Error(`The data directory ${directory} can't be locked: ${(cause as Error).message}. It must be a writable directory.`, {
    cause,
  });
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return null;
  }
}
