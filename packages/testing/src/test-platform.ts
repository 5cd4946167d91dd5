import type { Clock } from "@obelisk/core/kernel/clock";
import type { Platform, PlatformSettings } from "@obelisk/core/kernel/context";
import { createLogger } from "@obelisk/core/kernel/logger";
import { openPlatform } from "@obelisk/core/kernel/platform";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

/** A clock that goes with the real one until it is set, and then stands still but for `advance`. */
export class TestClock implements Clock {
  #stopped: number | null = null;

  now(): Date {
    return new Date(this.#stopped ?? Date.now());
  }

  set(instant: Date | string): void {
    this.#stopped = new Date(instant).getTime();
  }

  advance(milliseconds: number): void {
    this.#stopped = (this.#stopped ?? Date.now()) + milliseconds;
  }

  /** Goes with the real clock again. */
  release(): void {
    this.#stopped = null;
  }
}

export interface TestPlatform {
  platform: Platform;
  clock: TestClock;
  database: TestDatabase;
  /** Connections as the databases' superuser, for what a test must see or break from outside. */
  owner: pg.Pool;
  /** Closes every connection and drops the databases. */
  close(): Promise<void>;
}

export interface TestPlatformOptions {
  role?: "producer" | "consumer";
  settings?: Partial<PlatformSettings>;
  /** Another process's view of the same databases, which then stay when this one closes. */
  database?: TestDatabase;
  /** Lines written by the platform's logger; silent unless told. */
  logLevel?: string;
}

/** The settings of a development platform, limits far away. */
function testSettings(database: TestDatabase): PlatformSettings {
  return {
    baseUrl: "http://localhost:3000",
    production: false,
    allowPrivateTargets: true,
    runtimeDatabaseUrl: database.runtimeDatabaseUrl,
    rateLimit: { requests: 100_000, windowSeconds: 60 },
    limits: { deployments: 10_000, apiKeys: 10_000, organizations: 10_000, storageBytes: 1024 ** 4 },
  };
}

/** Opens a platform on a database of its own. */
export async function openTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const database = options.database ?? (await createTestDatabase());
  const { platform, close } = await openPlatform({
    name: "obelisk test",
    databaseUrl: database.databaseUrl,
    encryptionKeys: [database.encryptionKey],
    settings: { ...testSettings(database), ...options.settings },
    logger: createLogger({ name: "test", level: options.logLevel ?? "silent" }),
    role: options.role ?? "producer",
    connections: { application: 8, system: 4, queue: 3 },
  });
  const clock = new TestClock();
  platform.clock = clock;
  const owner = new pg.Pool({ connectionString: database.databaseUrl, max: 4 });
  // A test that drops or stops the database breaks idle connections; the next query of the pool says so where it matters.
  owner.on("error", () => undefined);
  return {
    platform,
    clock,
    database,
    owner,
    close: async () => {
      await close();
      await owner.end();
      if (!options.database) await database.drop();
    },
  };
}
