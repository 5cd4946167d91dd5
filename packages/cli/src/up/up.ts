import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { migrate } from "@obelisk/core/db/migrate";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import { type Environment, parseEnvironment } from "@obelisk/core/kernel/environment";
import {
  DirectoryTaken,
  endLeftovers,
  ensureEmbedded,
  isPortTaken,
  lockDirectory,
  portHolder,
  ServiceFailed,
  Supervisor,
} from "@obelisk/embedded";
import type { Connection } from "../connection.ts";
import { CommandFailure } from "../failure.ts";
import { withPlatform } from "../local-platform.ts";
import { note, print } from "../output.ts";
import { demoPassword, demoSignIns, seedDemo } from "../seed.ts";
import { onInterruption } from "./interruption.ts";
import { type ProgramFiles, platformProgramFiles, platformServices } from "./platform-programs.ts";
import { dataDirectorySecrets } from "./secrets.ts";

export interface UpOptions {
  /** The environment's variables as they came; server and worker get them too. */
  variables: Record<string, string | undefined>;
  /** Stand-ins for tests. */
  programs?: ProgramFiles;
}

/**
 * Runs the whole platform until it is asked to stop: the embedded database and chain where no DATABASE_URL is given, server and
 * worker. It stops what it started and nothing else.
 * @throws CommandFailure saying what stood in the way and what to do; nothing is left running then.
 */
export async function up({ variables, programs = platformProgramFiles }: UpOptions): Promise<void> {
  const environment = parseEnvironment(variables);
  const dataDir = resolve(environment.OBELISK_DATA_DIR);
  const supervisor = new Supervisor({
    logDirectory: join(dataDir, "logs"),
    record: join(dataDir, "processes.json"),
    onEvent: ({ service, state, message }) => {
      if (interruption.signal.aborted ? message.includes("killed") : state === "restarting" || state === "failed")
        note(`${service} ${message}`);
    },
  });
  const interruption = onInterruption(
    () => note("Stopping… (once more to kill everything at once)"),
    () => {
      supervisor.kill();
      process.exit(130);
    },
  );
  const asked = new Promise<"asked">((done) => interruption.signal.addEventListener("abort", () => done("asked")));
  const lock = takeDirectory(dataDir);
  // What a killed one has left tells others where nothing runs any more.
  rmSync(join(dataDir, "connection.json"), { force: true });
  try {
    const start = startAll(environment, variables, dataDir, supervisor, programs);
    // Asked to stop half way: what has started is stopped, what would start next is refused by the supervisor.
    const outcome = await Promise.race([start, asked]);
    if (outcome === "asked") {
      await supervisor.stop();
      await start.catch(() => undefined);
      return;
    }
    const end = await Promise.race([asked, supervisor.givenUp]);
    if (end !== "asked") throw end;
  } catch (error) {
    throw error instanceof ServiceFailed ? new CommandFailure(error.message, undefined, error) : error;
  } finally {
    await supervisor.stop();
    rmSync(join(dataDir, "connection.json"), { force: true });
    lock.release();
    interruption.end();
  }
}

function takeDirectory(dataDir: string) {
  try {
    return lockDirectory(dataDir);
  } catch (error) {
    throw error instanceof DirectoryTaken ? new CommandFailure(error.message, undefined, error) : error;
  }
}

async function startAll(
  environment: Environment,
  variables: UpOptions["variables"],
  dataDir: string,
  supervisor: Supervisor,
  programs: ProgramFiles,
): Promise<void> {
  await endLeftovers(join(dataDir, "processes.json"), note);
  await refuseTakenPort(environment.PORT);
  note(environment.DATABASE_URL ? "Starting on the database of DATABASE_URL …" : "Starting PostgreSQL and the local chain …");
  const connection = await connect(environment, dataDir, supervisor);
  const platformVariables = variablesOfPrograms(variables, environment, connection, dataDir);
  await migrate({ ...connection, report: note, advise: note });
  const demo = environment.NODE_ENV === "development";
  note("Starting server and worker …");
  writeFileSync(join(dataDir, "connection.json"), JSON.stringify(connection), { mode: 0o600 });
  await Promise.all([
    demo ? seed(platformVariables, connection.chainRpcUrl) : null,
    ...platformServices(programs, platformVariables, environment.PORT).map((service) => supervisor.start(service)),
  ]);
  announce(connection.baseUrl, dataDir, demo);
}

async function refuseTakenPort(port: number): Promise<void> {
  if (!(await isPortTaken(port))) return;
  const holder = portHolder(port);
  throw new CommandFailure(
    `port ${port} is taken by ${holder ? `process ${holder.pid} (${holder.command})` : "another program"}`,
    `End that program, or choose another port: PORT=${port + 1} npm start`,
  );
}

/** What server and worker connect to: what the environment names, or embedded services, started here. */
async function connect(environment: Environment, dataDir: string, supervisor: Supervisor): Promise<Connection> {
  const embeds = !environment.DATABASE_URL;
  const embedded = embeds
    ? await ensureEmbedded({ dataDir, supervisor, report: note, databases: ["obelisk"], chain: environment.NODE_ENV !== "production" })
    : null;
  const databaseUrl = environment.DATABASE_URL ?? embedded?.postgres?.url("obelisk") ?? "";
  const secrets = environment.AUTH_SECRET && environment.ENCRYPTION_KEY ? null : dataDirectorySecrets(dataDir);
  const [newestKey, ...olderKeys] = environment.ENCRYPTION_KEY ?? [];
  return {
    pid: process.pid,
    databaseUrl,
    runtimeDatabaseUrl: environment.RUNTIME_DATABASE_URL ?? defaultRuntimeDatabaseUrl(databaseUrl),
    encryptionKeys: [newestKey ?? secrets?.encryptionKey ?? "", ...olderKeys],
    authSecret: environment.AUTH_SECRET ?? secrets?.authSecret ?? "",
    baseUrl: environment.BASE_URL ?? `http://localhost:${environment.PORT}`,
    chainRpcUrl: embedded?.chain?.rpcUrl ?? null,
  };
}

function variablesOfPrograms(
  variables: UpOptions["variables"],
  environment: Environment,
  connection: Connection,
  dataDir: string,
): Record<string, string> {
  const given = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(given),
    NODE_ENV: environment.NODE_ENV,
    PORT: String(environment.PORT),
    BASE_URL: connection.baseUrl,
    DATABASE_URL: connection.databaseUrl,
    RUNTIME_DATABASE_URL: connection.runtimeDatabaseUrl,
    OBELISK_DATA_DIR: dataDir,
    // Compiled modules are kept from start to start: half of the time to ready is loading them.
    NODE_COMPILE_CACHE: variables["NODE_COMPILE_CACHE"] ?? join(dataDir, "compile-cache"),
    AUTH_SECRET: connection.authSecret,
    // All of them: older keys still open what they sealed.
    ENCRYPTION_KEY: connection.encryptionKeys.join(","),
  };
}

async function seed(variables: Record<string, string>, localRpcUrl: string | null): Promise<void> {
  const surroundings = { variables, signal: new AbortController().signal };
  await withPlatform(surroundings, (platform) => seedDemo(platform, { localRpcUrl }));
}

function announce(baseUrl: string, dataDir: string, demo: boolean): void {
  print(`\nObelisk is ready: ${baseUrl}\n`);
  if (demo) {
    print(`Demo sign-ins, all with the password ${demoPassword}:`);
    const width = Math.max(...demoSignIns.map(({ email }) => email.length));
    for (const { email, what } of demoSignIns) print(`  ${email.padEnd(width)}  ${what}`);
    print("");
  }
  print(`Logs are in ${join(dataDir, "logs")}. Ctrl-C stops everything.`);
}
