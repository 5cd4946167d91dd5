import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preparePostgres, Supervisor } from "@obelisk/embedded";
import pg from "pg";

/** A PostgreSQL of its own, gone with everything in it once stopped or once the process that started it is gone. */
export interface TemporaryPostgres {
  /** Connection string of the superuser for a database of this server. */
  url(database: string): string;
  stop(): Promise<void>;
}

/** The key every test database is migrated with: the platform roles' passwords come from it. */
export const testEncryptionKey = "obelisk-test-encryption-key-0123456789";

const prefix = "obelisk-test-pg-";

/** Data directories whose process was killed before it could remove them. */
function removeOrphans(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : 0;
    if (owner > 0 && !isAlive(owner)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Starts the embedded PostgreSQL in a temporary directory on a free port, without safety against a crash of the machine.
 * @throws with the server's last lines when it doesn't answer.
 */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  removeOrphans();
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  // PostgreSQL may run as another user, who has to get in.
  chmodSync(directory, 0o711);
  const supervisor = new Supervisor({ logDirectory: directory, record: join(directory, "processes.json") });
  const stop = async () => {
    await supervisor.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const postgres = await preparePostgres({ directory: join(directory, "postgres"), report: () => undefined, durable: false });
    await supervisor.start(postgres.service);
    return { url: postgres.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs the work with an empty database of its own. */
export async function withTemporaryPostgres<Result>(
  work: (database: { databaseUrl: string; encryptionKey: string }) => Promise<Result>,
): Promise<Result> {
  const postgres = await startTemporaryPostgres();
  try {
    const admin = new pg.Client({ connectionString: postgres.url("postgres") });
    await admin.connect();
    await admin.query("create database obelisk");
    await admin.end();
    return await work({ databaseUrl: postgres.url("obelisk"), encryptionKey: testEncryptionKey });
  } finally {
    await postgres.stop();
  }
}
