import { randomBytes } from "node:crypto";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import type { Context, Platform } from "@obelisk/core/kernel/context";
import { type Environment, limitsOf, parseEnvironment } from "@obelisk/core/kernel/environment";
import { type Connection, readConnection } from "./connection.ts";
import { CommandFailure } from "./failure.ts";
import type { Surroundings } from "./runtime.ts";

export interface DatabaseConnection {
  databaseUrl: string;
  runtimeDatabaseUrl: string;
  /** Newest first. */
  encryptionKeys: [string, ...string[]];
  /** Where the server is, as people open it. */
  baseUrl: string;
}

type Variables = Surroundings["variables"];

/**
 * The database to work on: that of DATABASE_URL, or else the one of the Obelisk that runs on OBELISK_DATA_DIR.
 * @throws CommandFailure naming what to set or start; EnvironmentError.
 */
export function databaseConnection(variables: Variables): DatabaseConnection {
  const environment = parseEnvironment(variables);
  if (!environment.DATABASE_URL) {
    const running = readConnection(environment.OBELISK_DATA_DIR);
    if (running) return running;
    throw new CommandFailure(
      `there is no database to work on: DATABASE_URL is not set and no Obelisk runs on ${environment.OBELISK_DATA_DIR}`,
      "Start one with `obelisk up`, name its directory with OBELISK_DATA_DIR, or set DATABASE_URL and ENCRYPTION_KEY.",
    );
  }
  const [newest, ...older] = environment.ENCRYPTION_KEY ?? [];
  if (!newest)
    throw new CommandFailure("DATABASE_URL is set but ENCRYPTION_KEY is not", "Set it to the key the database was migrated with.");
  return {
    databaseUrl: environment.DATABASE_URL,
    runtimeDatabaseUrl: environment.RUNTIME_DATABASE_URL ?? defaultRuntimeDatabaseUrl(environment.DATABASE_URL),
    encryptionKeys: [newest, ...older],
    baseUrl: configuredUrl(environment),
  };
}

function configuredUrl({ BASE_URL, PORT }: Environment): string {
  return BASE_URL ?? `http://localhost:${PORT}`;
}

/** The Obelisk that runs on OBELISK_DATA_DIR; null where none does, or where DATABASE_URL names another database. */
export function runningConnection(variables: Variables): Connection | null {
  const { DATABASE_URL, OBELISK_DATA_DIR } = parseEnvironment(variables);
  return DATABASE_URL ? null : readConnection(OBELISK_DATA_DIR);
}

/** Where Obelisk is, for a command that only speaks to its API: the one that runs here, or else as configured. @throws EnvironmentError */
export function platformUrl(variables: Variables): string {
  return runningConnection(variables)?.baseUrl ?? configuredUrl(parseEnvironment(variables));
}

/** The variables of a server or worker started here: as they are, or joined to the Obelisk that runs on this data directory. */
export function programVariables(variables: Variables): Variables {
  const running = runningConnection(variables);
  if (!running) return variables;
  return {
    ...variables,
    DATABASE_URL: running.databaseUrl,
    RUNTIME_DATABASE_URL: running.runtimeDatabaseUrl,
    ENCRYPTION_KEY: running.encryptionKeys.join(","),
    AUTH_SECRET: running.authSecret,
    BASE_URL: variables["BASE_URL"] ?? running.baseUrl,
  };
}

/** Runs the work on the platform's database and gives its connections back. */
export async function withPlatform<Result>({ variables }: Surroundings, work: (platform: Platform) => Promise<Result>): Promise<Result> {
  const { databaseUrl, runtimeDatabaseUrl, encryptionKeys, baseUrl } = databaseConnection(variables);
  const environment = parseEnvironment(variables);
  // Loaded when needed: what only shows help or asks the API starts at once.
  const [{ openPlatform }, { createLogger }] = await Promise.all([
    import("@obelisk/core/kernel/platform"),
    import("@obelisk/core/kernel/logger"),
  ]);
  const { platform, close } = await openPlatform({
    name: "obelisk cli",
    databaseUrl,
    encryptionKeys,
    settings: {
      baseUrl,
      production: environment.NODE_ENV === "production",
      allowPrivateTargets: environment.RUNTIME_ALLOW_PRIVATE_TARGETS ?? environment.NODE_ENV !== "production",
      runtimeDatabaseUrl,
      rateLimit: { requests: environment.PUBLIC_API_RATE_LIMIT, windowSeconds: environment.PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS },
      limits: limitsOf(environment),
    },
    logger: createLogger({ name: "obelisk cli", level: "silent" }),
    role: "producer",
    connections: { application: 2, system: 2, queue: 1 },
  });
  try {
    return await work(platform);
  } finally {
    await close();
  }
}

/** A call made by the operator at the command line. */
export function operatorContext(platform: Platform, command: string): Context {
  return { platform, requestId: `cli-${randomBytes(8).toString("hex")}`, actor: { type: "system", id: "cli", label: command }, ip: null };
}

/** @throws CommandFailure where no organization has this slug. */
export async function requireOrganization(platform: Platform, slug: string): Promise<{ id: string; name: string; slug: string }> {
  const { organizationBySlug } = await import("@obelisk/core/modules/tenancy");
  const organization = await organizationBySlug(platform, slug);
  if (!organization)
    throw new CommandFailure(`no organization has the slug ${slug}`, "Its card under Organizations in the dashboard shows its slug.");
  return organization;
}
