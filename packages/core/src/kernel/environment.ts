import { z } from "zod";
import type { Limits } from "./context.ts";
import { defaultDataDirectory } from "./data-directory.ts";

const flag = z
  .enum(["true", "false", "1", "0"], { error: "expected true or false" })
  .transform((value) => value === "true" || value === "1");

const key = z.string().min(32, "use at least 32 characters: openssl rand -base64 32");

/** One key, or several separated by commas: the first seals, the others only open what was sealed before a rotation. */
const keys = z
  .string()
  .transform((value) => value.split(",").map((part) => part.trim()))
  .pipe(z.array(key).min(1));

const databaseUrl = z.string().regex(/^postgres(ql)?:\/\/.+\/.+/, "expected postgres://user:password@host:port/database");

const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" });

/** A whole number, refused in one sentence whatever is wrong with it. */
function whole(least: number, most: number) {
  const fault = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number(fault).int(fault).min(least, fault).max(most, fault);
}

function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, { error: `expected one of ${names.join(", ")}` });
}

const count = whole(1, 100_000);

const units: Readonly<Record<string, number>> = { MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** A size such as 10GiB, in bytes. */
const size = z
  .string()
  .regex(/^[1-9]\d{0,5} ?[MGT]iB$/, "expected a whole number of MiB, GiB or TiB, such as 10GiB")
  .transform((text) => Number.parseInt(text, 10) * (units[text.slice(-3)] ?? 0));

/** Every variable of every process, so that whichever starts first, `obelisk up` above all, tells the faults of all of them. */
const schema = z.object({
  NODE_ENV: oneOf(["development", "production", "test"]).default("development"),
  PORT: whole(1, 65_535).default(3000),
  /** Whether other machines may connect in development, where everybody knows the demo's passwords. In production they always may. */
  OPEN_TO_NETWORK: flag.default(false),
  BASE_URL: httpUrl.optional(),
  DATABASE_URL: databaseUrl.optional(),
  RUNTIME_DATABASE_URL: databaseUrl.optional(),
  OBELISK_DATA_DIR: z.string().min(1).default(defaultDataDirectory),
  AUTH_SECRET: key.optional(),
  ENCRYPTION_KEY: keys.optional(),
  PUBLIC_API_RATE_LIMIT: whole(1, 1_000_000).default(120),
  PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS: whole(1, 86_400).default(60),
  /** Deployments that are not deprovisioned, and API keys that still work, in one organization. */
  ORGANIZATION_MAX_DEPLOYMENTS: count.default(100),
  ORGANIZATION_MAX_API_KEYS: count.default(100),
  /** Organizations that one person owns. */
  USER_MAX_ORGANIZATIONS: count.default(20),
  RUNTIME_DRIVER: z.enum(["process"], { error: "this build has the driver: process" }).default("process"),
  RUNTIME_ALLOW_PRIVATE_TARGETS: flag.optional(),
  /** What one deployment's data may take of the runtime database. */
  RUNTIME_MAX_STORAGE: size.default(10 * 1024 ** 3),
  /** Whether a proxy that we trust sets `x-forwarded-for`; its last address is then the caller's. */
  TRUST_PROXY: flag.optional(),
  /** Bearer token that opens /metrics to callers from other hosts. */
  METRICS_TOKEN: z.string().min(16, "use at least 16 characters").optional(),
  LOG_LEVEL: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Programs that a worker runs at most, and tasks that it works on at a time. */
  WORKER_CAPACITY: whole(1, 10_000).optional(),
  WORKER_TASKS: whole(1, 64).default(6),
  /** Who programs run as. */
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
  /** Whether a supervisor holds standard input, and the process ends with it. */
  OBELISK_LIFELINE: z.enum(["stdin"], { error: "expected stdin, or nothing" }).optional(),
});

export type Environment = z.infer<typeof schema>;

/** Thrown with every fault of the environment at once; names variables and remedies, never values. */
export class EnvironmentError extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(`The environment is not valid:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.name = "EnvironmentError";
    this.faults = faults;
  }
}

const neededInProduction = {
  AUTH_SECRET: "signs sessions; set it to a random text of at least 32 characters",
  ENCRYPTION_KEY: "encrypts secrets; set it to a random text of at least 32 characters",
  BASE_URL: "the address people open; set it, such as https://obelisk.example.com",
  DATABASE_URL: "the PostgreSQL to use; set it, such as postgres://obelisk:…@db/obelisk",
} as const;

/** The variables that are set: an empty one counts as absent. */
export function presentVariables(variables: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""));
}

/**
 * Reads the environment. An empty variable counts as absent.
 * @param needed What the caller can't do without.
 * @throws EnvironmentError naming every fault and what is missing, in production also what that needs.
 */
export function parseEnvironment<Needed extends keyof Environment = never>(
  variables: Record<string, string | undefined>,
  needed: readonly Needed[] = [],
): Environment & { [Name in Needed]: NonNullable<Environment[Name]> } {
  const present = presentVariables(variables);
  const parsed = schema.safeParse(present);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  const purposes: Record<string, string> = {
    ...Object.fromEntries(needed.map((name) => [name, "obelisk up provides it, otherwise set it"])),
    ...(present["NODE_ENV"] === "production" ? neededInProduction : {}),
  };
  for (const [name, purpose] of Object.entries(purposes)) if (!present[name]) faults.push(`${name}: missing; ${purpose}`);
  if (!parsed.success || faults.length > 0) throw new EnvironmentError([...new Set(faults)]);
  return parsed.data as Environment & { [Name in Needed]: NonNullable<Environment[Name]> };
}

/** The limits that every process of the platform goes by. */
export function limitsOf(environment: Environment): Limits {
  return {
    deployments: environment.ORGANIZATION_MAX_DEPLOYMENTS,
    apiKeys: environment.ORGANIZATION_MAX_API_KEYS,
    organizations: environment.USER_MAX_ORGANIZATIONS,
    storageBytes: environment.RUNTIME_MAX_STORAGE,
  };
}
