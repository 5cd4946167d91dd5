import { join } from "node:path";
import { type EmbeddedChain, prepareChain } from "./chain.ts";
import { type EmbeddedPostgres, ensureDatabase, preparePostgres } from "./postgres.ts";
import type { Supervisor } from "./supervisor.ts";

export interface EmbeddedOptions {
  /** Locked by the caller (`lockDirectory`). */
  dataDir: string;
  supervisor: Supervisor;
  report(line: string): void;
  /** Databases to have; null embeds no PostgreSQL. */
  databases: readonly string[] | null;
  chain: boolean;
  /** See PostgresOptions. */
  durable?: boolean;
}

export interface Embedded {
  postgres: EmbeddedPostgres | null;
  chain: EmbeddedChain | null;
}

/** Starts what is asked for under the supervisor, which stops it; returns once all of it answers. */
export async function ensureEmbedded({
  dataDir,
  supervisor,
  report,
  databases,
  chain,
  durable = true,
}: EmbeddedOptions): Promise<Embedded> {
  const [embeddedPostgres, embeddedChain] = await Promise.all([databases ? startPostgres(databases) : null, chain ? startChain() : null]);
  return { postgres: embeddedPostgres, chain: embeddedChain };

  async function startPostgres(names: readonly string[]): Promise<EmbeddedPostgres> {
    const postgres = await preparePostgres({ directory: join(dataDir, "postgres"), report, durable });
    await supervisor.start(postgres.service);
    for (const name of names) await ensureDatabase(postgres.url("postgres"), name);
    return postgres;
  }

  async function startChain(): Promise<EmbeddedChain> {
    const started = await prepareChain({ directory: join(dataDir, "chain"), report });
    await supervisor.start(started.service);
    started.keepCopies();
    return started;
  }
}
