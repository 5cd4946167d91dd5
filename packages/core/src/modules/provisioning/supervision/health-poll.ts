import type { Health } from "@obelisk/schemas/deployments";
import { askHealth } from "./health-check.ts";
import { fromReport, healthTimes, isSettling, judgeSilence, pollDelay } from "./health-policy.ts";

/** What becomes of the questions. */
export interface HealthPollEvents {
  /** It answered for the first time, so callers may ask it at this address. */
  onReady(address: string): void;
  /** How it is, once it says more than that it is starting. */
  onHealth(health: Health): void;
  /** It has been silent for long enough to say so; it is asked on. */
  onSilent(fault: string): void;
  /** It lives and doesn't answer: nothing more is asked. */
  onHung(reason: string): Promise<void>;
  onFault(error: unknown): void;
}

/** Milliseconds between questions to a program that answered before and doesn't now. */
const silentPollMs = 1_000;

/** Asks one start of a program how it is, from when it listens until it has ended. */
export class HealthPoll {
  readonly #token: string;
  readonly #startedAt: number;
  readonly #events: HealthPollEvents;
  #address: string | null = null;
  /** Milliseconds since 1970; null before the first answer. */
  #lastAnswerAt: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(token: string, startedAt: number, events: HealthPollEvents) {
    this.#token = token;
    this.#startedAt = startedAt;
    this.#events = events;
  }

  /** The program exists, and may soon say where it listens. */
  begin(): void {
    this.#askIn(healthTimes.firstPollMs);
  }

  listensAt(address: string): void {
    this.#address = address;
    this.#askIn(0);
  }

  /** Asks nothing more, and tells nothing of a question that is under way. */
  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #askIn(delayMs: number): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask().catch((error: unknown) => this.#events.onFault(error)), delayMs);
  }

  async #ask(): Promise<void> {
    const address = this.#address;
    let fault = "it has not said where it listens";
    if (address) {
      try {
        const report = await askHealth(address, this.#token);
        if (this.#over) return;
        const runningMs = Date.now() - this.#startedAt;
        this.#heard(address);
        if (isSettling(report, runningMs)) return this.#askIn(healthTimes.firstPollMs);
        this.#events.onHealth(fromReport(report, new Date()));
        this.#askIn(pollDelay(report.syncedBlock !== null, runningMs) * (0.9 + Math.random() * 0.2));
        return;
      } catch (error) {
        fault = error instanceof Error ? error.message : String(error);
      }
    }
    if (!this.#over) await this.#silent(fault);
  }

  #heard(address: string): void {
    const isFirst = this.#lastAnswerAt === null;
    this.#lastAnswerAt = Date.now();
    if (isFirst) this.#events.onReady(address);
  }

  async #silent(fault: string): Promise<void> {
    const now = Date.now();
    if (this.#lastAnswerAt === null) {
      if (now - this.#startedAt < healthTimes.startMs) return this.#askIn(healthTimes.firstPollMs);
      return this.#events.onHung(`no answer within ${healthTimes.startMs / 1_000} s of its start (${fault})`);
    }
    const verdict = judgeSilence(this.#lastAnswerAt, now);
    if (verdict === "hung") return this.#events.onHung(`no answer for ${healthTimes.hungMs / 1_000} s (${fault})`);
    if (verdict === "unreachable") this.#events.onSilent(fault);
    this.#askIn(silentPollMs);
  }
}
