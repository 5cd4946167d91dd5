import { PgBoss } from "pg-boss";
import type { EnqueueOptions, Job, QueueTransaction } from "./job.ts";

export interface QueueOptions {
  connectionString: string;
  applicationName: string;
  /** Connections kept for the queue's own statements. */
  connections: number;
  /** Told of faults that no caller sees: a lost connection, a failed maintenance pass. */
  onError(error: Error): void;
}

/** Does the work; "left" where it only put the work back for later, so that nobody looks for more without a pause. */
export type Handler<Payload> = (payload: Payload) => Promise<"left" | undefined>;

/** Longest a job may wait before the library drops it: a year, so that the deadline of the work itself always ends it first. */
const retentionSeconds = 365 * 86_400;

/** As the platform's own connections: a statement that no server answers any more fails, and a dead connection at rest is noticed. In milliseconds. */
const liveness = { statement_timeout: 30_000, query_timeout: 35_000, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };

/** How each hand of a consumer looks for work: one job at a time, without an announcement twice a second. */
const pace = { batchSize: 1, notifyPollingIntervalSeconds: 0.5, pollingIntervalSeconds: 0.5 };

/**
 * The queue, in the control database's schema `pgboss`. Producers enqueue inside their own transaction; consumers are woken by
 * NOTIFY and fall back to polling twice a second.
 *
 * A job may run twice: after a crash, and beside a worker that was frozen. Handlers fence their effects with a lease of their own.
 */
export class Queue {
  readonly #boss: PgBoss;

  private constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  /** For processes that only enqueue. */
  static async producer(options: QueueOptions): Promise<Queue> {
    return Queue.#start(options, false);
  }

  /** For workers: also watches heartbeats and hands the jobs of dead workers on, within ten seconds. */
  static async consumer(options: QueueOptions): Promise<Queue> {
    return Queue.#start(options, true);
  }

  static async #start(options: QueueOptions, consumes: boolean): Promise<Queue> {
    const boss = new PgBoss({
      connectionString: options.connectionString,
      application_name: options.applicationName,
      max: options.connections,
      // Handed on to `pg`, though the library's types don't name them.
      ...liveness,
      migrate: false,
      createSchema: false,
      schedule: false,
      supervise: consumes,
      useListenNotify: consumes,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
    });
    boss.on("error", options.onError);
    await boss.start();
    return new Queue(boss);
  }

  /** Adds a job in the caller's transaction; it starts once that commits. */
  async enqueue<Payload extends object>(
    transaction: QueueTransaction,
    job: Job<Payload>,
    payload: Payload,
    options: EnqueueOptions = {},
  ): Promise<void> {
    await this.#boss.send(job.name, job.payload.parse(payload), {
      db: { executeSql: (text, values = []) => transaction.execute(text, values) as Promise<{ rows: { id: string }[] }> },
      ...(options.key === undefined ? {} : { singletonKey: options.key }),
      ...(options.delaySeconds === undefined ? {} : { startAfter: options.delaySeconds }),
    });
  }

  /** Adds a job on its own, for work that no change stands behind. */
  async enqueueNow<Payload extends object>(job: Job<Payload>, payload: Payload, options: EnqueueOptions = {}): Promise<void> {
    await this.#boss.send(job.name, job.payload.parse(payload), {
      ...(options.key === undefined ? {} : { singletonKey: options.key }),
      ...(options.delaySeconds === undefined ? {} : { startAfter: options.delaySeconds }),
    });
  }

  /** Of these keys, those for which no job waits or runs: work that lost its job to a crash or to the library's own clean-up. */
  async keysWithoutJob(job: Job<never>, keys: readonly string[]): Promise<string[]> {
    if (keys.length === 0) return [];
    const { rows } = await this.#boss
      .getDb()
      .executeSql(
        "select distinct singleton_key as key from pgboss.job where name = $1 and state < 'completed' and singleton_key = any($2::text[])",
        [job.name, keys],
      );
    const held = new Set(rows.map((row: { key: string }) => row.key));
    return keys.filter((key) => !held.has(key));
  }

  /** Runs the handler for each job, at most `concurrency` at a time in this process. */
  async work<Payload extends object>(job: Job<Payload>, concurrency: number, handler: Handler<Payload>): Promise<void> {
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        const hand: string = await this.#boss.work<Payload>(job.name, pace, async ([run]) => {
          if (!run) return;
          const outcome = await handler(job.payload.parse(run.data));
          // Where one job waited more may: the library would look again only at its next poll, or when another one is announced.
          if (outcome !== "left") this.#boss.notifyWorker(hand);
        });
      }),
    );
  }

  /** Fetches no more jobs of this kind; those under way go on. */
  async rest(job: Job<never>): Promise<void> {
    await this.#boss.offWork(job.name, { wait: false });
  }

  /** Stops fetching and waits for running handlers, at most `timeoutMs`; what is left then goes back to the queue. */
  async stop(timeoutMs: number): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: timeoutMs, close: true });
  }
}

/** Creates or migrates the queue's schema and its queues. Needs a role that may create schemas. */
export async function migrateQueue(connectionString: string, jobs: readonly Job<never>[]): Promise<void> {
  const boss = new PgBoss({ connectionString, max: 1, supervise: false, schedule: false });
  await boss.start();
  try {
    for (const job of jobs) {
      const options = {
        retryLimit: job.retryLimit,
        retryDelay: job.retryDelaySeconds,
        retryBackoff: job.retryDelaySeconds > 0,
        heartbeatSeconds: job.heartbeatSeconds,
        expireInSeconds: job.expireInSeconds,
        retentionSeconds,
        // A task that waits for its turn leaves a job behind each time it is offered: the task's own row is the record.
        deleteAfterSeconds: 600,
        notify: true,
      };
      const existing = await boss.getQueue(job.name);
      if (existing) await boss.updateQueue(job.name, options);
      else await boss.createQueue(job.name, { ...options, policy: job.oneAtATimePerKey ? "singleton" : "standard" });
    }
  } finally {
    await boss.stop({ graceful: false, close: true });
  }
}
