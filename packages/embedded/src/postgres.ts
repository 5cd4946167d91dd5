import { join, resolve } from "node:path";
import pg from "pg";
import { ensureCluster, superuser } from "./postgres-cluster.ts";
import { postgresHome } from "./postgres-home.ts";
import { postgresProgram } from "./postgres-program.ts";
import { clearPostmaster } from "./postmaster.ts";
import { rememberedPort } from "./remembered-port.ts";
import type { Service } from "./service.ts";

export interface EmbeddedPostgres {
  service: Service;
  port: number;
  /** Connection string of the superuser for a database of this server. */
  url(database: string): string;
}

export interface PostgresOptions {
  /** Everything of this server lies here, or is found from here. */
  directory: string;
  report(line: string): void;
  /** False gives up safety against a crash of the machine for speed: for tests alone. */
  durable?: boolean;
}

/** Small enough for a laptop that runs everything, large enough for a few hundred deployments. */
const settings = {
  listen_addresses: "127.0.0.1",
  // Its path could be too long for a socket, and the password would be the only difference anyway.
  unix_socket_directories: "",
  max_connections: "200",
  // A program may have some 500 tables, each with several indexes: what touches many of them takes a lock for each.
  max_locks_per_transaction: "256",
  shared_buffers: "64MB",
  huge_pages: "off",
  jit: "off",
  max_wal_size: "512MB",
  random_page_cost: "1.1",
  log_line_prefix: "%m [%p] %q%u@%d ",
  log_checkpoints: "off",
};

const notDurable = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/**
 * Prepares a PostgreSQL on 127.0.0.1: finds its programs, makes the database on the first start, picks the port.
 * Nothing runs until a supervisor starts `service`.
 */
export async function preparePostgres({ directory, report, durable = true }: PostgresOptions): Promise<EmbeddedPostgres> {
  const root = resolve(directory);
  const place = postgresHome(root, report);
  const program = postgresProgram(place.user, place.home);
  const password = await ensureCluster(place, program, join(root, "password"));
  await clearPostmaster(place.data, report);
  const port = await rememberedPort(join(root, "port"), "PostgreSQL", report);
  const url = (database: string) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
  const chosen = { ...settings, ...(durable ? {} : notDurable), port: String(port) };
  const service: Service = {
    name: "postgres",
    command: async () => {
      await clearPostmaster(place.data, report);
      return {
        program: program.postgres,
        args: ["-D", place.data, ...Object.entries(chosen).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
        env: { TZ: "UTC", LC_ALL: "C" },
        cwd: place.home,
        user: place.user,
        tether: { signal: "INT" },
      };
    },
    ready: () => answers(url("postgres")),
    readyWithin: 60_000,
    // The fast shutdown: sessions are ended, everything is written.
    stopSignal: "SIGINT",
    stopWithin: 30_000,
    // After a kill, the processes of its sessions hold the shared memory a moment longer.
    firstAttempts: 5,
  };
  return { service, port, url };
}

async function answers(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  // A server that goes away meanwhile is told by connect or query.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Creates the database unless it is there. With it the two that PostgreSQL brings are closed to whoever isn't let in: a runtime's role
 * could else connect to them, and fill the disk with temporary tables.
 */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (rowCount) return;
    await client.query("revoke connect, temporary on database postgres, template1 from public");
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
