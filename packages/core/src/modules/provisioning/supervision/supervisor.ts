import { setTimeout as sleep } from "node:timers/promises";
import { answeredWithin } from "../../../kernel/answered-within.ts";
import type { Changes } from "../../../kernel/changes.ts";
import type { Platform } from "../../../kernel/context.ts";
import { every } from "../../../kernel/every.ts";
import type { Logger } from "../../../kernel/logger.ts";
import type { RuntimeDriver } from "../driver/index.ts";
import { heartbeatMs, leaseMs } from "../policy.ts";
import { type InstanceLease, renewInstances } from "../system/instance-leases.ts";
import { recordUse, type UseSample } from "../system/telemetry.ts";
import { Inabilities } from "./inabilities.ts";
import { type Charge, graceMs, SupervisedProgram } from "./program.ts";

/** How often programs' use is looked at, and every how many looks it becomes a point of the history. */
const sampling = { everyMs: 5_000, keepEvery: 3 };

/** All programs this worker answers for. */
export class Supervisor {
  /** What this worker couldn't run lately. */
  readonly inabilities = new Inabilities();
  readonly #platform: Platform;
  readonly #driver: RuntimeDriver;
  readonly #workerId: string;
  readonly #logger: Logger;
  readonly #changes: Changes;
  readonly #capacity: number;
  readonly #programs = new Map<string, SupervisedProgram>();
  /** Places kept for programs that are not started yet. */
  readonly #reserved = new Set<{ deploymentId: string }>();
  readonly #repeated: (() => Promise<void>)[] = [];
  #samples = 0;
  #renewing: Promise<void> | null = null;
  #closed = false;

  /** @param capacity Programs at most. */
  constructor(platform: Platform, driver: RuntimeDriver, workerId: string, capacity: number, changes: Changes, logger: Logger) {
    this.#platform = platform;
    this.#capacity = capacity;
    this.#changes = changes;
    this.#driver = driver;
    this.#workerId = workerId;
    this.#logger = logger;
  }

  /** Begins to keep leases and to look at use. */
  open(): void {
    this.#every(heartbeatMs, "renew the leases", () => this.renew());
    this.#every(sampling.everyMs, "record what programs use", () => this.#sample());
  }

  /** Places taken: by programs, and by those about to be started. */
  get size(): number {
    return new Set([...this.#programs.keys(), ...[...this.#reserved].map(({ deploymentId }) => deploymentId)]).size;
  }

  /** Places left. */
  get room(): number {
    return Math.max(0, this.#capacity - this.size);
  }

  /**
   * Keeps a place for a program until the answer is disposed of; by then the program has it, or nobody. Asked before the first wait of a start,
   * so that many at once take no more places than there are. Null when every place is taken by another deployment.
   */
  reserve(deploymentId: string): Disposable | null {
    const has = this.#programs.has(deploymentId) || [...this.#reserved].some((place) => place.deploymentId === deploymentId);
    if (!has && this.room === 0) return null;
    const place = { deploymentId };
    this.#reserved.add(place);
    return { [Symbol.dispose]: () => void this.#reserved.delete(place) };
  }

  get driver(): RuntimeDriver {
    return this.#driver;
  }

  find(deploymentId: string): SupervisedProgram | undefined {
    return this.#programs.get(deploymentId);
  }

  deployments(): string[] {
    return [...this.#programs.keys()];
  }

  /**
   * Runs a program under a lease that was just taken; ends the one of an older lease first. One that already runs under this lease is
   * left as it is.
   * @throws DriverError where this host can't start it: the lease is let go of
   */
  async take(lease: InstanceLease, charge: Charge): Promise<SupervisedProgram> {
    const running = this.#programs.get(lease.deploymentId);
    if (running && running.lease.epoch >= lease.epoch) return running;
    if (running) await running.abandon();
    if (this.#closed) throw new Error("this worker is stopping: it starts no program");
    const gone = new AbortController();
    const program = new SupervisedProgram(lease, charge, {
      platform: this.#platform,
      driver: this.#driver,
      logger: this.#logger,
      onUnable: () => this.inabilities.note(lease.deploymentId, Date.now()),
      onProgress: () => this.inabilities.forget(lease.deploymentId),
      onGone: () => {
        gone.abort();
        if (this.#programs.get(lease.deploymentId) === program) this.#programs.delete(lease.deploymentId);
      },
    });
    this.#programs.set(lease.deploymentId, program);
    void this.#follow(lease, gone.signal);
    try {
      await program.start();
    } catch (error) {
      await program.stop(0);
      throw error;
    }
    return program;
  }

  /** A change of the deployment may mean that another worker has taken it: looked at now instead of with the next renewal. */
  async #follow(lease: InstanceLease, gone: AbortSignal): Promise<void> {
    for await (const _ of this.#changes.subscribe(lease.organizationId, lease.deploymentId, gone)) {
      await this.renew().catch((error: unknown) => this.#logger.warn({ err: error }, "could not renew the leases"));
      // At most one look a second, however much changes.
      await sleep(1_000, undefined, { ref: false });
    }
  }

  /** Ends a deployment's program, if it runs here. */
  async stop(deploymentId: string): Promise<boolean> {
    const program = this.#programs.get(deploymentId);
    if (!program) return false;
    await program.stop(graceMs);
    return true;
  }

  /**
   * Prolongs every lease; ends the programs whose lease another worker has taken, and those that run without one.
   * Also called when a change of one of them is announced, so that a program ends as soon as it should.
   *
   * While the database gives no answer programs go on: another worker may take them meanwhile, and whatever they and this worker write
   * then is fenced. So a database that is away for a moment ends nothing.
   * @throws where the database gives no answer within the time of a lease
   */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const programs = [...this.#programs.values()].filter((program) => !program.ended);
    const leases = programs.map(({ lease }) => lease);
    const kept = await answeredWithin(leaseMs, renewInstances(this.#platform, this.#workerId, leases));
    const lost = programs.filter(
      (program) => !kept.has(program.lease.deploymentId) && !program.ended && this.#programs.get(program.lease.deploymentId) === program,
    );
    for (const program of lost) {
      this.#logger.warn(
        { deploymentId: program.lease.deploymentId, epoch: program.lease.epoch },
        "lost the instance to another worker or task",
      );
    }
    const orphans = this.#driver.list().filter(({ deploymentId }) => !this.#programs.has(deploymentId));
    await Promise.all([
      ...lost.map((program) => program.abandon()),
      ...orphans.map(({ deploymentId }) => this.#driver.stop(deploymentId, 1_000)),
    ]);
  }

  /** Ends every program and lets go of the leases, so that another worker starts them at once. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#repeated) void stop();
    await Promise.all([...this.#programs.values()].map((program) => program.stop(graceMs)));
    await this.#driver.close(graceMs);
  }

  async #sample(): Promise<void> {
    const samples: UseSample[] = [];
    for (const program of this.#programs.values()) {
      const use = await this.#driver.sample(program.lease.deploymentId);
      if (!use) continue;
      const { health } = program;
      samples.push({
        lease: program.lease,
        ...use,
        syncedBlock: health?.syncedBlock ?? null,
        headBlock: health?.headBlock ?? null,
        lagBlocks: health?.lagBlocks ?? null,
      });
    }
    if (samples.length === 0) return;
    this.#samples += 1;
    await recordUse(this.#platform, this.#workerId, samples, this.#samples % sampling.keepEvery === 0);
  }

  #every(intervalMs: number, what: string, work: () => Promise<void>): void {
    this.#repeated.push(every(intervalMs, work, (error) => this.#logger.warn({ err: error }, `could not ${what}`)));
  }
}
