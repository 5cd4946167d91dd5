import { totalmem } from "node:os";
import { join } from "node:path";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import type { PlatformSettings } from "@obelisk/core/kernel/context";
import { EnvironmentError, limitsOf, parseEnvironment } from "@obelisk/core/kernel/environment";
import { z } from "zod";

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

const ownSchema = z.object({
  WORKER_CAPACITY: z.coerce.number().int().min(1).max(10_000).optional(),
  WORKER_TASKS: z.coerce.number().int().min(1).max(64).default(6),
  RUNTIME_USER: z
    .string()
    .regex(/^\d{1,10}:\d{1,10}$/, "expected uid:gid, such as 1000:1000")
    .transform((text) => ({ uid: Number(text.split(":")[0]), gid: Number(text.split(":")[1]) }))
    .optional(),
  RUNTIME_CGROUP: z
    .string()
    .regex(/^[\w.@-]+(\/[\w.@-]+)*$/, "expected a path below the hierarchy's root, such as system.slice/obelisk-worker.service")
    .optional(),
  RUNTIME_LISTEN_HOST: z
    .ipv4("expected an IPv4 address of this host, such as 10.0.0.5")
    .refine((address) => address !== "0.0.0.0", "expected the one address that servers reach this host at, such as 10.0.0.5")
    .default("127.0.0.1"),
  OBELISK_LIFELINE: z.enum(["stdin"], { error: "expected stdin, or nothing" }).optional(),
});

/**
 * What the worker runs with. The only place that reads the environment.
 * @throws EnvironmentError naming every fault and every variable that is missing.
 */
export function readConfig(variables: Record<string, string | undefined> = process.env): WorkerConfig {
  const environment = parseEnvironment(variables);
  const own = ownSchema.safeParse(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== "")));
  const { DATABASE_URL, ENCRYPTION_KEY } = environment;
  const faults = own.success ? [] : own.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  for (const [name, value] of Object.entries({ DATABASE_URL, ENCRYPTION_KEY })) {
    if (!value) faults.push(`${name}: missing; obelisk up provides it, otherwise set it`);
  }
  if (!own.success || !DATABASE_URL || !ENCRYPTION_KEY || faults.length > 0) throw new EnvironmentError(faults);
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
    capacity: own.data.WORKER_CAPACITY ?? Math.max(4, Math.floor((totalmem() * 0.8) / programBytes)),
    concurrency: own.data.WORKER_TASKS,
    runtimeUser: own.data.RUNTIME_USER,
    runtimeGroupFolder: own.data.RUNTIME_CGROUP,
    listenHost: own.data.RUNTIME_LISTEN_HOST,
    lifeline: own.data.OBELISK_LIFELINE === "stdin",
  };
}
