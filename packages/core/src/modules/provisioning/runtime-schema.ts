import { randomBytes } from "node:crypto";
import type pg from "pg";
import { createPool, lend } from "../../db/client.ts";
import { scramVerifier } from "../../db/scram-verifier.ts";
import type { Logger } from "../../kernel/logger.ts";

/** Somebody with a higher epoch has touched the schema: whoever asks with a smaller one changes nothing. */
export class SchemaFenced extends Error {
  constructor(deploymentId: string, epoch: number) {
    super(`the schema of ${deploymentId} was touched under an epoch above ${epoch}`);
    this.name = "SchemaFenced";
  }
}

/** What a runtime's database role may use at most. */
const limits = { connections: 12, statementTimeout: "30s", idleInTransaction: "30s", tempFilesBytes: 2 * 1024 ** 3 };

/** Tables dropped in one transaction. */
const tablesAtOnce = 20;

/** Schema and role of a deployment: they share a name. */
export function schemaName(deploymentId: string): string {
  return deploymentId.replace(/^dep_/, "rt_");
}

/** A password for a runtime's database role. */
export function newDatabasePassword(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * The runtime database as its owner: makes, closes and drops each deployment's schema. Every change first raises the deployment's
 * fence in the same transaction, so one that comes late finds a higher number there and undoes itself.
 */
export class RuntimeDatabase {
  readonly #pool: pg.Pool;
  readonly #url: URL;
  readonly #tempFiles: string;
  #opened: Promise<void> | undefined;

  /** @param storageBytes What a deployment's data may take: whoever stores that much sorts as much to build an index. */
  constructor(url: string, logger: Logger, storageBytes = 0) {
    this.#url = new URL(url);
    // PostgreSQL counts them in 32 bits of kilobytes.
    this.#tempFiles = `${Math.min(2 ** 31 - 1, Math.ceil(Math.max(limits.tempFilesBytes, storageBytes) / 1024))}kB`;
    this.#pool = createPool(url, {
      applicationName: "obelisk worker runtimes",
      connections: 4,
      statementMs: 60_000,
      onError: (error) => logger.warn({ err: error }, "lost a connection to the runtime database"),
    });
  }

  /** Where a program connects to, as its own role. */
  runtimeUrl(deploymentId: string, password: string): string {
    const url = new URL(this.#url);
    url.username = schemaName(deploymentId);
    url.password = password;
    return url.href;
  }

  /**
   * Creates or completes role, schema and lease, ends the role's connections, and takes the lease away from whatever program still has it.
   * @throws SchemaFenced
   */
  async prepare(deploymentId: string, epoch: number, password: string): Promise<void> {
    await this.#open();
    const name = schemaName(deploymentId);
    await this.#fenced(deploymentId, epoch, async (client) => {
      const role = client.escapeIdentifier(name);
      const { rows } = await client.query<{ exists: boolean; superuser: boolean; bindsTempFiles: boolean; group: string }>(
        `select exists (select 1 from pg_roles where rolname = $1) as exists,
           (select rolsuper from pg_roles where rolname = current_user) as superuser,
           has_parameter_privilege('temp_file_limit', 'set') as "bindsTempFiles", current_database() || '_connect' as "group"`,
        [name],
      );
      const found = rows[0];
      if (!found) throw new Error("the runtime database answered without a row");
      if (!found.exists)
        await client.query(`create role ${role} nosuperuser nocreatedb nocreaterole in role ${client.escapeIdentifier(found.group)}`);
      await client.query(
        `alter role ${role} login inherit connection limit ${limits.connections} password ${client.escapeLiteral(scramVerifier(password))}`,
      );
      await client.query(`alter role ${role} set search_path = ${role}`);
      await client.query(`alter role ${role} set statement_timeout = '${limits.statementTimeout}'`);
      await client.query(`alter role ${role} set idle_in_transaction_session_timeout = '${limits.idleInTransaction}'`);
      // Unlike the others it can't be set anew by the program.
      if (found.bindsTempFiles) await client.query(`alter role ${role} set temp_file_limit = '${this.#tempFiles}'`);
      // An owner who is no superuser may end connections and drop tables only of a role it belongs to.
      if (!found.superuser) await client.query(`grant ${role} to current_user`);
      await endSessions(client, name);
      // The schema stays ours, so that a program makes tables in it and can't drop its lease.
      await client.query(`create schema if not exists ${role}`);
      await client.query(`grant usage, create on schema ${role} to ${role}`);
      await client.query(`create table if not exists ${role}._lease
        (singleton boolean primary key default true check (singleton), epoch bigint not null, holder text)`);
      await client.query(`grant select, update on ${role}._lease to ${role}`);
      await client.query(
        `insert into ${role}._lease (epoch) values ($1)
        on conflict (singleton) do update set epoch = excluded.epoch, holder = null`,
        [epoch],
      );
      await endSessions(client, name);
    });
  }

  /** Takes the lease away from the program and ends its connections; its data stays. @throws SchemaFenced */
  async close(deploymentId: string, epoch: number): Promise<void> {
    const name = schemaName(deploymentId);
    await this.#fenced(deploymentId, epoch, async (client) => {
      await endSessions(client, name);
      const { rows } = await client.query("select to_regclass($1) is not null as exists", [`${client.escapeIdentifier(name)}._lease`]);
      if (rows[0]?.exists) await client.query(`update ${client.escapeIdentifier(name)}._lease set epoch = $1, holder = null`, [epoch]);
      await endSessions(client, name);
    });
  }

  /**
   * Drops schema and role with all data. The fence stays. Tables go a few at a time: each takes several locks until its transaction ends, and
   * the server's lock table is everybody's.
   * @throws SchemaFenced
   */
  async drop(deploymentId: string, epoch: number): Promise<void> {
    const name = schemaName(deploymentId);
    await this.#dropping(deploymentId, epoch, async (client, role, exists) => {
      if (exists) await client.query(`alter role ${role} nologin`);
    });
    for (let left = true; left; ) {
      await this.#dropping(deploymentId, epoch, async (client, role) => {
        const { rows } = await client.query<{ name: string }>(
          "select tablename as name from pg_tables where schemaname = $1 order by tablename limit $2",
          [name, tablesAtOnce],
        );
        left = rows.length > 0;
        const tables = rows.map((table) => `${role}.${client.escapeIdentifier(table.name)}`);
        if (left) await client.query(`drop table ${tables.join(", ")} cascade`);
      });
    }
    await this.#dropping(deploymentId, epoch, async (client, role, exists) => {
      await client.query(`drop schema if exists ${role} cascade`);
      if (exists) {
        await client.query(`drop owned by ${role} cascade`);
        await client.query(`drop role ${role}`);
      }
    });
  }

  /** A part of a drop, with nobody of the role's connected. */
  async #dropping(
    deploymentId: string,
    epoch: number,
    work: (client: pg.PoolClient, role: string, exists: boolean) => Promise<void>,
  ): Promise<void> {
    const name = schemaName(deploymentId);
    await this.#fenced(deploymentId, epoch, async (client) => {
      await client.query("set local lock_timeout = '15s'");
      const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [name]);
      if (rowCount) await endSessions(client, name);
      await work(client, client.escapeIdentifier(name), rowCount === 1);
    });
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  /**
   * Runtimes come in by membership in one role that may connect: granting each of them the database itself would make every
   * provisioning rewrite the same catalog row. Named after the database, since roles are shared by all databases of a server.
   */
  #open(): Promise<void> {
    this.#opened ??= this.#ensureGroup().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #ensureGroup(): Promise<void> {
    await this.#transaction(async (client) => {
      // Not an advisory lock: programs enter this database too, and could hold one.
      await client.query("lock table obelisk.fences in share row exclusive mode");
      const { rows } = await client.query<{ database: string; exists: boolean; granted: boolean }>(`
        select current_database() as database, r.oid is not null as exists,
          coalesce(has_database_privilege(r.oid, current_database(), 'connect'), false) as granted
        from (select 1) one left join pg_roles r on r.rolname = current_database() || '_connect'`);
      const found = rows[0];
      if (!found) throw new Error("the runtime database answered without a row");
      const group = client.escapeIdentifier(`${found.database}_connect`);
      if (!found.exists) await client.query(`create role ${group} nologin`);
      if (!found.granted) await client.query(`grant connect on database ${client.escapeIdentifier(found.database)} to ${group}`);
    });
  }

  async #fenced(deploymentId: string, epoch: number, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    await this.#transaction(async (client) => {
      const { rowCount } = await client.query(
        `insert into obelisk.fences as f (deployment_id, epoch) values ($1, $2)
         on conflict (deployment_id) do update set epoch = excluded.epoch where f.epoch <= excluded.epoch`,
        [deploymentId, epoch],
      );
      if (!rowCount) throw new SchemaFenced(deploymentId, epoch);
      await work(client);
    });
  }

  async #transaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    await lend(this.#pool, async (client) => {
      await client.query("begin");
      await work(client);
      await client.query("commit");
    });
  }
}

/**
 * Ends every connection of a runtime's role. Before the lease is touched, since whoever builds an index holds its row for as long as that
 * takes; and once more behind it, since a program may have come back meanwhile.
 */
async function endSessions(client: pg.PoolClient, role: string): Promise<void> {
  // Within a transaction PostgreSQL shows the sessions as they were when it was first asked.
  await client.query("select pg_stat_clear_snapshot()");
  await client.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [role]);
}
