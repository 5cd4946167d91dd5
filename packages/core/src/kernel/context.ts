import type { Queue } from "@obelisk/queue";
import type { actorTypes } from "@obelisk/schemas/audit";
import type { CompiledQuery } from "kysely";
import type { TenantDatabase } from "../db/tenant-db.ts";
import type { Grant } from "./authorization.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type { Secrets } from "./secrets.ts";

/** Who acts. `label` is what the audit log shows: an e-mail address, a key's name, `obelisk worker`. */
export interface Actor {
  type: (typeof actorTypes)[number];
  id: string;
  label: string;
}

/** How much there may be at a time, so that nothing is unbounded. */
export interface Limits {
  /** Deployments of an organization that are not deprovisioned. */
  deployments: number;
  /** API keys of an organization that still work. */
  apiKeys: number;
  /** Organizations that one person owns. */
  organizations: number;
  /** Bytes that one deployment's data takes in the runtime database. */
  storageBytes: number;
}

/** What the operator decided and modules need to know. */
export interface PlatformSettings {
  /** The address people open, without a trailing slash. */
  baseUrl: string;
  production: boolean;
  /** Whether RPC URLs given by tenants may point into private networks. */
  allowPrivateTargets: boolean;
  /** Connection string of the runtime database, as its owner. */
  runtimeDatabaseUrl: string;
  rateLimit: { requests: number; windowSeconds: number };
  limits: Limits;
}

/** The parts of a running process that every module may use. */
export interface Platform {
  database: TenantDatabase;
  queue: Queue;
  clock: Clock;
  secrets: Secrets;
  logger: Logger;
  settings: PlatformSettings;
}

/** One call: who asks, under which request id, from where. */
export interface Context {
  platform: Platform;
  requestId: string;
  actor: Actor;
  ip: string | null;
}

/** A call inside an organization. */
export interface OrganizationContext extends Context {
  organizationId: string;
  /**
   * What the actor may do, where this very request has read it from its row: reads go by it. Without it they read it themselves, and
   * changes always do.
   */
  grant?: Grant;
  /**
   * Called once a mutation's work is done, with what it will answer; gives a statement to commit with it. Where the public API keeps
   * the answer for a repeated request, so that the change and the answer are committed as one.
   */
  alsoCommit?: (result: unknown) => CompiledQuery;
}
