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

const portFault = "expected a port, a number from 1 to 65535";

const countFault = "expected a whole number from 1 to 100000";

const count = z.coerce.number(countFault).int(countFault).min(1, countFault).max(100_000, countFault);

const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
  PORT: z.coerce.number(portFault).int(portFault).min(1, portFault).max(65_535, portFault).default(3000),
  /** Whether other machines may connect in development, where everybody knows the demo's passwords. In production they always may. */
  OPEN_TO_NETWORK: flag.default(false),
  BASE_URL: httpUrl.optional(),
  DATABASE_URL: databaseUrl.optional(),
  RUNTIME_DATABASE_URL: databaseUrl.optional(),
  OBELISK_DATA_DIR: z.string().min(1).default(defaultDataDirectory),
  AUTH_SECRET: key.optional(),
  ENCRYPTION_KEY: keys.optional(),
  PUBLIC_API_RATE_LIMIT: z.coerce.number().int().min(1).max(1_000_000).default(120),
  PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** Deployments that are not deprovisioned, and API keys that still work, in one organization. */
  ORGANIZATION_MAX_DEPLOYMENTS: count.default(100),
  ORGANIZATION_MAX_API_KEYS: count.default(100),
  /** Organizations that one person owns. */
  USER_MAX_ORGANIZATIONS: count.default(20),
  RUNTIME_DRIVER: z.enum(["process"], { error: "this build has the driver: process" }).default("process"),
  RUNTIME_ALLOW_PRIVATE_TARGETS: flag.optional(),
  /** Whether a proxy that we trust sets `x-forwarded-for`; its last address is then the caller's. */
  TRUST_PROXY: flag.optional(),
  /** Bearer token that opens /metrics to callers from other hosts. */
  METRICS_TOKEN: z.string().min(16, "use at least 16 characters").optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
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

/**
 * Reads the environment. An empty variable counts as absent.
 * @throws EnvironmentError naming every fault; in production also what is missing.
 */
export function parseEnvironment(variables: Record<string, string | undefined>): Environment {
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(present);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (present["NODE_ENV"] === "production") {
    for (const [name, purpose] of Object.entries(neededInProduction)) if (!present[name]) faults.push(`${name}: missing; ${purpose}`);
  }
  if (!parsed.success || faults.length > 0) throw new EnvironmentError(faults);
  return parsed.data;
}

/** The limits that every process of the platform goes by. */
export function limitsOf(environment: Environment): Limits {
  return {
    deployments: environment.ORGANIZATION_MAX_DEPLOYMENTS,
    apiKeys: environment.ORGANIZATION_MAX_API_KEYS,
    organizations: environment.USER_MAX_ORGANIZATIONS,
  };
}
