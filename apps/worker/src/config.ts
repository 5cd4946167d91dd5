import { totalmem } from "node:os";
import { join } from "node:path";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import type { PlatformSettings } from "@obelisk/core/kernel/context";
import { limitsOf, parseEnvironment } from "@obelisk/core/kernel/environment";

export interface WorkerConfig {
  logLevel: string;
  databaseUrl: string;
  encryptionKeys: readonly string[];
  settings: PlatformSettings;
  dataFolder: string;
  /** Template to the program's main file. */
  programs: Readonly<Record<string, string>>;
  /** Programs run at most, and tasks worked on at a time. */
  capacity: number;
  concurrency: number;
  /** Who programs run as; undefined leaves it to the driver. */
  runtimeUser: { uid: number; gid: number } | undefined;
  /** Where control groups are made, below the root of their hierarchy; undefined leaves it to the driver. */
  runtimeGroupFolder: string | undefined;
  /** The address of this host that programs listen on, and that servers reach them at. */
  listenHost: string;
  /** Whether a supervisor holds standard input and the worker ends with it. */
  lifeline: boolean;
}

/** Memory one program is reckoned with, in bytes: what an indexer at work has been seen to take, doubled. */
const programBytes = 256 * 1024 * 1024;

/**
 * What the worker runs with. The only place that reads the environment.
 * @throws EnvironmentError naming every fault and every variable that is missing.
 */
export function readConfig(variables: Record<string, string | undefined> = process.env): WorkerConfig {
  const environment = parseEnvironment(variables, ["DATABASE_URL", "ENCRYPTION_KEY"]);
  const { DATABASE_URL, ENCRYPTION_KEY } = environment;
  const production = environment.NODE_ENV === "production";
  return {
    logLevel: environment.LOG_LEVEL,
    databaseUrl: DATABASE_URL,
    encryptionKeys: ENCRYPTION_KEY,
    settings: {
      baseUrl: (environment.BASE_URL ?? `http://localhost:${environment.PORT}`).replace(/\/+$/, ""),
      production,
      allowPrivateTargets: environment.RUNTIME_ALLOW_PRIVATE_TARGETS ?? !production,
      runtimeDatabaseUrl: environment.RUNTIME_DATABASE_URL ?? defaultRuntimeDatabaseUrl(DATABASE_URL),
      rateLimit: { requests: environment.PUBLIC_API_RATE_LIMIT, windowSeconds: environment.PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS },
      limits: limitsOf(environment),
    },
    dataFolder: environment.OBELISK_DATA_DIR,
    programs: { "evm-events": join(import.meta.dirname, "../../../runtimes/indexer/src/main.ts") },
    capacity: environment.WORKER_CAPACITY ?? Math.max(4, Math.floor((totalmem() * 0.8) / programBytes)),
    concurrency: environment.WORKER_TASKS,
    runtimeUser: environment.RUNTIME_USER,
    runtimeGroupFolder: environment.RUNTIME_CGROUP,
    listenHost: environment.RUNTIME_LISTEN_HOST,
    lifeline: environment.OBELISK_LIFELINE === "stdin",
  };
}
