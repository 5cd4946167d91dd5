import { join } from "node:path";
import { defaultRuntimeDatabaseUrl } from "@obelisk/core/db/runtime-database";
import type { PlatformSettings } from "@obelisk/core/kernel/context";
import { limitsOf, parseEnvironment } from "@obelisk/core/kernel/environment";
import type { HttpOptions } from "./http/context.ts";

/** Most connections of each pool; the benchmarks send the same SQL through as many. */
export const poolSizes = { application: 16, system: 8, queue: 2 };

export interface ServerConfig {
  port: number;
  /** Whether callers from other machines are turned away: in development everybody knows the passwords of the demo. */
  loopbackOnly: boolean;
  logLevel: string;
  databaseUrl: string;
  encryptionKeys: readonly string[];
  authSecret: string;
  /** Tries of signing in or up that one address has a minute. */
  signInLimit: { requests: number; windowSeconds: number };
  /** Failed sign-ins that one account has. */
  failureLimit: { requests: number; windowSeconds: number };
  settings: PlatformSettings;
  http: HttpOptions;
  /** Whether a supervisor holds standard input and the server ends with it. */
  lifeline: boolean;
}

/**
 * What the server runs with. The only place that reads the environment.
 * @throws EnvironmentError naming every fault and every variable that is missing.
 */
export function readConfig(variables: Record<string, string | undefined> = process.env): ServerConfig {
  const environment = parseEnvironment(variables, ["DATABASE_URL", "ENCRYPTION_KEY", "AUTH_SECRET"]);
  const { DATABASE_URL, ENCRYPTION_KEY, AUTH_SECRET } = environment;
  const production = environment.NODE_ENV === "production";
  return {
    port: environment.PORT,
    loopbackOnly: !production && !environment.OPEN_TO_NETWORK,
    logLevel: environment.LOG_LEVEL,
    databaseUrl: DATABASE_URL,
    encryptionKeys: ENCRYPTION_KEY,
    authSecret: AUTH_SECRET,
    signInLimit: { requests: production ? 10 : 300, windowSeconds: 60 },
    failureLimit: { requests: 10, windowSeconds: 900 },
    settings: {
      baseUrl: (environment.BASE_URL ?? `http://localhost:${environment.PORT}`).replace(/\/+$/, ""),
      production,
      allowPrivateTargets: environment.RUNTIME_ALLOW_PRIVATE_TARGETS ?? !production,
      runtimeDatabaseUrl: environment.RUNTIME_DATABASE_URL ?? defaultRuntimeDatabaseUrl(DATABASE_URL),
      rateLimit: {
        requests: environment.PUBLIC_API_RATE_LIMIT,
        windowSeconds: environment.PUBLIC_API_RATE_LIMIT_WINDOW_SECONDS,
      },
      limits: limitsOf(environment),
    },
    http: {
      trustProxy: environment.TRUST_PROXY ?? null,
      metricsToken: environment.METRICS_TOKEN ?? null,
      callLimits: {
        usual: { requests: 600, windowSeconds: 60 },
        costly: { requests: production ? 30 : 300, windowSeconds: 60 },
      },
      dashboardFolder: join(import.meta.dirname, "../../dashboard/dist"),
    },
    lifeline: environment.OBELISK_LIFELINE === "stdin",
  };
}
