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
 * Closes the databases that PostgreSQL brings to whoever isn't let in, where this role owns them: a runtime's role could else connect to them,
 * and fill the disk with temporary tables. Where it doesn't, the operator is told what to run.
 */
async function closeMaintenanceDatabases(client: pg.Client, advise: (line: string) => void): Promise<void> {
  const { rows } = await client.query<{ name: string; ours: boolean }>(`
    select datname as name, pg_has_role(current_user, datdba, 'usage') as ours from pg_database
    where datname in ('postgres', 'template1') and datallowconn and exists (
      select from aclexplode(coalesce(datacl, acldefault('d', datdba))) where grantee = 0 and privilege_type in ('CONNECT', 'TEMPORARY'))
    order by datname`);
  const close = (databases: typeof rows) =>
    `revoke connect, temporary on database ${databases.map(({ name }) => client.escapeIdentifier(name)).join(", ")} from public`;
  const [ours, others] = [rows.filter((row) => row.ours), rows.filter((row) => !row.ours)];
  if (ours.length > 0) await client.query(close(ours));
  if (others.length > 0) advise(`Programs' roles can connect to databases that aren't theirs. Run this as their owner: ${close(others)};`);
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
  { report, advise }: { report(line: string): void; advise(line: string): void },
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
    await closeMaintenanceDatabases(client, advise);
    await revokeLargeObjects(client);
  } finally {
    await client.end();
  }
}

/**
 * Takes from everyone what makes large objects: they belong to no schema, so nothing would bound them or drop them with a deployment. Only a superuser
 * may, since the functions are PostgreSQL's own.
 */
async function revokeLargeObjects(client: pg.Client): Promise<void> {
  await client.query(`do $$
    declare made regprocedure;
    begin
      if (select rolsuper from pg_roles where rolname = current_user) then
        for made in select oid::regprocedure from pg_proc where pronamespace = 'pg_catalog'::regnamespace
            and proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_open', 'lo_put', 'lowrite') loop
          execute format('revoke execute on function %s from public', made);
        end loop;
      end if;
    end $$`);
}
