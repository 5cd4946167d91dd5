import pg from "pg";
import { RuntimeDatabaseFault } from "../kernel/database-remedy.ts";

/** The runtime database beside a control database, unless the operator names one: `…/obelisk` → `…/obelisk_runtimes`. */
export function defaultRuntimeDatabaseUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `${url.pathname}_runtimes`;
  return url.href;
}

/** Whether two clients would connect to the same server: by host, or folder of the socket, and port, as `pg` reads them from a URL or fills them in. */
export function isSameServer(a: pg.Client, b: pg.Client): boolean {
  return a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;
}

/**
 * Creates the runtime database where it is missing and closes it to everyone who isn't let in: each runtime's role is granted
 * CONNECT and its own schema, nothing else.
 *
 * `obelisk.fences` holds, per deployment, the highest epoch under which its schema was touched. A provisioner that was
 * frozen and wakes up with a smaller one changes nothing; the row outlives the schema for that reason.
 *
 * @throws RuntimeDatabaseFault where it can't be entered: on a server of its own, its operator creates it
 */
export async function prepareRuntimeDatabase(
  control: pg.Client,
  runtimeDatabaseUrl: string,
  report: (line: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: runtimeDatabaseUrl, application_name: "obelisk migrate" });
  const name = client.database ?? "";
  if (isSameServer(control, client)) {
    const { rowCount } = await control.query("select 1 from pg_database where datname = $1", [name]);
    if (!rowCount) {
      await control.query(`create database ${control.escapeIdentifier(name)}`);
      report(`created database ${name}`);
    }
  }
  await client.connect().catch((cause: unknown) => {
    throw new RuntimeDatabaseFault(cause);
  });
  try {
    await client.query(`
      revoke all on database ${client.escapeIdentifier(name)} from public;
      revoke all on schema public from public;
      create schema if not exists obelisk;
      create table if not exists obelisk.fences (deployment_id text primary key, epoch bigint not null);
    `);
  } finally {
    await client.end();
  }
}
