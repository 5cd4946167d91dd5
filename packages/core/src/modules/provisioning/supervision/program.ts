import { randomBytes } from "node:crypto";
import type { Health } from "@obelisk/schemas/deployments";
import type { Platform } from "../../../kernel/context.ts";
import type { Logger } from "../../../kernel/logger.ts";
import { DriverError, type RuntimeDriver, type RuntimeLaunch } from "../driver/index.ts";
import { giveUpInstance } from "../fail-deployment.ts";
import type { Failure } from "../policy.ts";
import { afterExit, type CrashHistory, describeExit, type ExitReason, noCrashes, withLines, withoutLines } from "../restart-policy.ts";
import { sealedFor } from "../sealing.ts";
import { type InstanceLease, releaseInstance } from "../system/instance-leases.ts";
import { recordLogs } from "../system/telemetry.ts";
import { FirstAnswer, ProgramGone } from "./first-answer.ts";
import { unreachable } from "./health-policy.ts";
import { HealthPoll } from "./health-poll.ts";
import { LogIntake } from "./log-intake.ts";
import { ProgramRecord } from "./program-record.ts";

/** What a program needs at each start, but the token that is made anew every time. */
export type Charge = Omit<RuntimeLaunch, "instanceToken" | "epoch" | "deploymentId">;

export interface ProgramParts {
  platform: Platform;
  driver: RuntimeDriver;
  logger: Logger;
  /** Told when this worker can't run it now, before anyone who waits for it is. */
  onUnable(): void;
  /** Told whenever it answers with a block: it runs here. */
  onProgress(): void;
  /** Told once, when the program has ended for good: given up, let go of, fenced out, or stopped. */
  onGone(): void;
}

type Phase = "starting" | "ready" | "backing_off" | "gone";

const newerInPlace: Failure = { code: "fenced", message: "The program found a newer one in its place and ended." };
const stopped: Failure = { code: "stopped", message: "The program was stopped." };

/** Time a program has to end by itself, in milliseconds. */
export const graceMs = 5_000;

/**
 * One program under one lease: started, watched, started again after a crash, given up when that leads nowhere. Every write carries
 * the lease, so nothing is written once another worker has taken over.
 */
export class SupervisedProgram {
  readonly lease: InstanceLease;
  readonly #charge: Charge;
  readonly #parts: ProgramParts;
  readonly #logs: LogIntake;
  readonly #record: ProgramRecord;
  #phase: Phase = "starting";
  #history: CrashHistory = noCrashes;
  #restarts = 0;
  #startedAt = 0;
  #token = "";
  /** The questions to the start that runs. */
  #poll: HealthPoll | null = null;
  /** The next start, after a crash. */
  #restart: NodeJS.Timeout | undefined;
  #health: Health | null = null;
  #endedBecause: string | null = null;
  /** The end that is under way, or over. */
  #ended: Promise<void> | null = null;
  #failure: Failure | null = null;
  readonly #firstAnswer = new FirstAnswer();

  constructor(lease: InstanceLease, charge: Charge, parts: ProgramParts) {
    this.lease = lease;
    this.#charge = charge;
    this.#parts = parts;
    this.#record = new ProgramRecord(parts.platform, lease, (what, error) => this.#failed(what, error));
    this.#logs = new LogIntake(
      (lines) => recordLogs(parts.platform, lease, lines),
      (error) => this.#failed("keep log lines", error),
    );
  }

  get health(): Health | null {
    return this.#health;
  }

  /** Whether it was ended or given up: its lease is let go of. */
  get ended(): boolean {
    return this.#phase === "gone";
  }

  /** Why it was; null while it isn't. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** @throws DriverError where this host can't start it: the lease is let go of, for another worker to try */
  async start(): Promise<void> {
    if (this.#phase === "gone") return;
    const { driver } = this.#parts;
    this.#phase = "starting";
    this.#startedAt = Date.now();
    this.#endedBecause = null;
    this.#token = randomBytes(32).toString("base64url");
    const poll = this.#watch();
    this.#poll = poll;
    const launch = { ...this.#charge, deploymentId: this.lease.deploymentId, epoch: this.lease.epoch, instanceToken: this.#token };
    this.#record.instance({
      state: "starting",
      startedAt: new Date(this.#startedAt),
      address: null,
      sealedToken: null,
      restarts: this.#restarts,
    });
    try {
      await driver.start(launch, {
        onListening: (address) => poll.listensAt(address),
        onLine: (stream, line) => this.#logs.take(stream, line),
        onExit: (exit) => this.#exited(exit),
      });
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      await this.#leave({ code: error.code, message: error.message });
      throw error;
    }
    poll.begin();
  }

  /**
   * Waits for the first answer of the program.
   * @throws ProgramGone when it is given up or stopped; the signal's reason when that aborts first.
   */
  answered(signal: AbortSignal): Promise<Health> {
    if (this.#phase === "ready" && this.#health) return Promise.resolve(this.#health);
    if (this.#phase === "gone") return Promise.reject(new ProgramGone(this.#failure ?? stopped));
    return this.#firstAnswer.wait(signal);
  }

  /**
   * Ends the program and lets go of the lease.
   * @param grace Milliseconds it has to end by itself.
   */
  stop(grace: number): Promise<void> {
    return this.#letGo(stopped, grace);
  }

  #letGo(failure: Failure, grace: number): Promise<void> {
    return this.#endOnce(failure, async () => {
      await this.#parts.driver.stop(this.lease.deploymentId, grace);
      await this.#logs.close();
      await this.#record.settled;
      await this.#guarded("release the instance", () => releaseInstance(this.#parts.platform, this.lease));
    });
  }

  /** Ends the program at once, because the lease belongs to another: nothing is written any more. */
  abandon(): Promise<void> {
    return this.#endOnce({ code: "fenced", message: "Another worker took over." }, () =>
      this.#parts.driver.stop(this.lease.deploymentId, 1_000),
    );
  }

  /** Ends it the way that is asked for first; whoever asks later waits for the same end. */
  #endOnce(failure: Failure, work: () => Promise<void>): Promise<void> {
    if (this.#ended) return this.#ended;
    this.#phase = "gone";
    this.#failure = failure;
    clearTimeout(this.#restart);
    this.#poll?.end();
    this.#firstAnswer.failed(failure);
    this.#ended = work().finally(() => this.#parts.onGone());
    return this.#ended;
  }

  #exited(exit: ExitReason): void {
    if (this.#phase === "gone") return;
    this.#poll?.end();
    const reason = this.#endedBecause ?? describeExit(exit);
    const next = afterExit(exit, this.#history, this.#startedAt, Date.now(), this.#logs.lastLines);
    if (next.act === "fail" || next.act === "leave") {
      this.#record.instance({ state: "stopped", lastExit: reason });
      void (next.act === "fail" ? this.#giveUp(next.failure) : this.#leave(next.failure));
      return;
    }
    if (next.act === "release") {
      this.#logs.note("warn", newerInPlace.message);
      void this.#letGo(newerInPlace, 0);
      return;
    }
    this.#history = next.history;
    this.#phase = "backing_off";
    this.#restarts += 1;
    this.#record.instance({ state: "backing_off", address: null, sealedToken: null, lastExit: reason, restarts: this.#restarts });
    this.#logs.note("warn", `The program ended with ${reason}; starting it again in ${next.delayMs / 1_000} s.`);
    this.#setHealth(unreachable(this.#health, `The program ended with ${reason}; it is started again.`, new Date()));
    this.#restart = setTimeout(() => void this.#guarded("start the program", () => this.start()), next.delayMs);
  }

  /** This worker can't run it now: says so, and lets go of it for another that can. */
  async #leave(failure: Failure): Promise<void> {
    if (!this.ended) {
      const said = withoutLines(failure.message);
      this.#logs.note("error", said);
      this.#setHealth(unreachable(this.#health, said, new Date()));
      this.#parts.onUnable();
    }
    await this.#letGo(failure, 0);
  }

  #giveUp(failure: Failure): Promise<void> {
    return this.#endOnce(failure, async () => {
      this.#logs.note("error", `Given up: ${failure.code}.`);
      await this.#logs.close();
      await this.#record.settled;
      await this.#guarded("record the failure", () => giveUpInstance(this.#parts.platform, this.lease, failure));
    });
  }

  #watch(): HealthPoll {
    return new HealthPoll(this.#token, this.#startedAt, {
      onReady: (address) => this.#ready(address),
      onHealth: (health) => this.#answer(health),
      onSilent: (fault) => this.#setHealth(unreachable(this.#health, `The program does not answer: ${fault}.`, new Date())),
      onHung: (reason) => this.#endHung(reason),
      onFault: (error) => this.#failed("ask the program", error),
    });
  }

  /** It answers, so callers may ask it. */
  #ready(address: string): void {
    this.#phase = "ready";
    this.#history = { ...this.#history, wasReady: true };
    const sealedToken = this.#parts.platform.secrets.seal(this.#token, sealedFor.instanceToken(this.lease.deploymentId));
    this.#record.instance({ state: "ready", address, sealedToken });
  }

  #answer(health: Health): void {
    this.#setHealth(health);
    if (health.syncedBlock !== null) this.#parts.onProgress();
    this.#firstAnswer.came(health);
  }

  /** A program that lives but doesn't answer is ended; its exit is then dealt with like a crash. */
  async #endHung(reason: string): Promise<void> {
    this.#endedBecause = reason;
    this.#logs.note("error", `Ending the program: ${reason}.`);
    await this.#parts.driver.stop(this.lease.deploymentId, 1_000);
  }

  #setHealth(health: Health): void {
    this.#health = health;
    this.#record.health(health);
  }

  async #guarded(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failed(what, error);
    }
  }

  #failed(what: string, error: unknown): void {
    const { deploymentId, epoch } = this.lease;
    this.#parts.logger.warn({ err: error, deploymentId, epoch }, `could not ${what}`);
  }

  /** The failure to show when waiting for it took too long. */
  tooSlow(what: string): Failure {
    return { code: "start_failed", message: withLines(what, this.#logs.lastLines) };
  }
}
