import type { LogStream } from "../driver/index.ts";
import type { LogEntry } from "../system/telemetry.ts";
import { parseLine, printable } from "./log-line.ts";

export interface LogLimits {
  /** Lines a second kept of one program; what comes above is counted and named in one line. */
  linesPerSecond: number;
  flushMs: number;
  /** Lines that wait for a database that is slow or away; what comes above is counted as dropped too. */
  waiting: number;
  /** Last lines remembered for a failure's message. */
  remembered: number;
}

const logLimits: LogLimits = { linesPerSecond: 200, flushMs: 250, waiting: 1_000, remembered: 20 };

/** Takes a program's lines in, bounded in rate and memory, and hands them on in batches. */
export class LogIntake {
  readonly #write: (lines: LogEntry[]) => Promise<unknown>;
  readonly #onFault: (error: unknown) => void;
  readonly #limits: LogLimits;
  readonly #lastLines: string[] = [];
  #waiting: LogEntry[] = [];
  #second = 0;
  #taken = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param onFault told of a batch that could not be written: its lines wait for the next one, as far as there is room, unless they themselves
   *   are the reason.
   */
  constructor(write: (lines: LogEntry[]) => Promise<unknown>, onFault: (error: unknown) => void, limits: LogLimits = logLimits) {
    this.#write = write;
    this.#onFault = onFault;
    this.#limits = limits;
  }

  /** The last lines, oldest first: what went wrong, when something did. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  take(stream: LogStream, text: string): void {
    const now = new Date();
    const second = Math.floor(now.getTime() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
      this.#admitDropped();
    }
    if (this.#taken >= this.#limits.linesPerSecond || this.#waiting.length >= this.#limits.waiting) {
      this.#dropped += 1;
      this.#remember(text);
      this.#schedule();
      return;
    }
    this.#taken += 1;
    const entry = parseLine(stream, text, now);
    this.#remember(entry.message);
    this.#waiting.push(entry);
    this.#schedule();
  }

  /** A line of our own among the program's, such as why it was restarted. */
  note(level: LogEntry["level"], message: string): void {
    this.#waiting.push({ at: new Date(), stream: "system", level, message });
    this.#schedule();
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#admitDropped();
    this.#flushing = this.#flushing.then(() => this.#drain());
    await this.#flushing;
  }

  /** Writes what waits a last time; what can't be written then is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  /** Keeps a line for a failure's message, in the place of the oldest. */
  #remember(text: string): void {
    this.#lastLines.push(printable(text.slice(0, 500)));
    if (this.#lastLines.length > this.#limits.remembered) this.#lastLines.shift();
  }

  #admitDropped(): void {
    if (this.#dropped === 0) return;
    const message = `${this.#dropped} lines were dropped: more than ${this.#limits.linesPerSecond} a second, or more than could wait for the database`;
    this.#dropped = 0;
    this.#waiting.push({ at: new Date(), stream: "system", level: "warn", message });
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flushing = this.#flushing.then(() => this.#drain());
      // Dropped lines are told once their second is over, even when nothing follows.
      if (this.#dropped > 0) setTimeout(() => void this.flush(), 1_000).unref();
    }, this.#limits.flushMs);
  }

  async #drain(): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    try {
      await this.#write(lines);
    } catch (error) {
      this.#onFault(error);
      if (this.#closed) return;
      if (isOfTheLines(error)) {
        this.note("warn", `Lines that the database refuses for what they hold were dropped: ${lines.length}.`);
        return;
      }
      const waiting = [...lines, ...this.#waiting];
      this.#waiting = waiting.slice(-this.#limits.waiting);
      this.#dropped += waiting.length - this.#waiting.length;
      this.#schedule();
    }
  }
}

/** Whether the lines themselves were refused, as PostgreSQL's classes 22 (data exception) and 23 (constraint) say: they never will be taken. */
function isOfTheLines(error: unknown): boolean {
  return error instanceof Error && /^2[23]...$/.test(String((error as NodeJS.ErrnoException).code));
}
