import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { migrateQueue } from "@obelisk/queue";
import pg from "pg";
import { everyJob } from "../modules/jobs.ts";
import { applicationRole, systemRole } from "./client.ts";
import { ensurePlatformRoles } from "./platform-roles.ts";
import { prepareRuntimeDatabase } from "./runtime-database.ts";

export interface MigrateOptions {
  /** Connection string of the database's owner, who may create roles and databases. */
  databaseUrl: string;
  /** Connection string of the runtime database; a sibling of the control database unless told. */
  runtimeDatabaseUrl: string;
  /** Newest first: the platform roles' passwords come from the first, and roles that one of the others made are ours too. */
  encryptionKeys: readonly string[];
  /** Told of each step, in a sentence. */
  report(line: string): void;
  /** Told what the operator should do that this role may not, in a line. */
  advise(line: string): void;
}

interface Migration {
  name: string;
  checksum: string;
  sql: string;
}

/**
 * Any number, the same in every process: only one migrates at a time. Advisory locks belong to one database, and this one is closed to all but
 * its owner and the platform's own roles, so no runtime's role can hold the lock against a migration.
 */
const lockKey = 4_720_160_431;

const folder = join(import.meta.dirname, "migrations");

function readMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

/**
 * Brings roles, schema, queue and runtime database to what this build expects. Waits for another process that does the same.
 * @throws when the server's platform roles belong to another Obelisk, an applied migration was edited since, or the database is newer than
 *   this build.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: options.databaseUrl, application_name: "obelisk migrate" });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    await ensurePlatformRoles(client, options.databaseUrl, options.encryptionKeys);
    await closeDatabase(client);
    await applyMigrations(client, options.report);
    await migrateQueue(options.databaseUrl, everyJob);
    await grantQueue(client);
    await prepareRuntimeDatabase(client, options.runtimeDatabaseUrl, options);
  } finally {
    await client.end();
  }
}

/** Closes the database to everyone but its owner and the platform's roles. */
async function closeDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>("select current_database() as name");
  const database = client.escapeIdentifier(rows[0]?.name ?? "");
  await client.query(`revoke all on database ${database} from public`);
  await client.query(`grant connect on database ${database} to ${applicationRole}, ${systemRole}`);
}

async function applyMigrations(client: pg.Client, report: (line: string) => void): Promise<void> {
  await client.query(`create table if not exists migrations (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
  const applied = new Map(
    (await client.query<{ name: string; checksum: string }>("select name, checksum from migrations")).rows.map((row) => [
      row.name,
      row.checksum,
    ]),
  );
  const known = readMigrations();
  for (const name of applied.keys()) {
    if (!known.some((migration) => migration.name === name)) {
      throw new Error(`the database holds migration ${name}, which this build doesn't know: start a build at least as new as the database`);
    }
  }
  for (const migration of known) {
    const checksum = applied.get(migration.name);
    if (checksum === migration.checksum) continue;
    if (checksum) throw new Error(`migration ${migration.name} was edited after it had been applied: restore it and add a new one`);
    await client.query("begin");
    try {
      await client.query(migration.sql);
      await client.query("insert into migrations (name, checksum) values ($1, $2)", [migration.name, migration.checksum]);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback");
      throw new Error(`migration ${migration.name} failed: ${(error as Error).message}`, { cause: error });
    }
    report(`applied migration ${migration.name}`);
  }
}

/** The application adds jobs inside its transactions and reads nothing but their ids; the system role works the queue. */
async function grantQueue(client: pg.Client): Promise<void> {
  await client.query(`
    grant usage on schema pgboss to ${applicationRole}, ${systemRole};
    grant select, insert, update, delete on all tables in schema pgboss to ${systemRole};
    grant usage on all sequences in schema pgboss to ${systemRole};
    grant execute on all functions in schema pgboss to ${applicationRole}, ${systemRole};
    grant select on pgboss.queue to ${applicationRole};
    grant insert, select (id, start_after) on pgboss.job, pgboss.job_common to ${applicationRole};
  `);
}
