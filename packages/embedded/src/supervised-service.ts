import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { defaultRestartPolicy, failuresAfter, restartDelay } from "./back-off.ts";
import { launch } from "./launch.ts";
import { RotatingLog } from "./rotating-log.ts";
import { type Service, type ServiceEvent, ServiceFailed, type ServiceState } from "./service.ts";

const tailLength = 4_000;
const stoppedEarly = "was stopped before it answered";

/** One run of the program: ends when the process has ended and its output is read. */
interface Run {
  /** null when it could not even be prepared. */
  child: ChildProcess | null;
  startedAt: number;
  /** Resolves with how it ended: `status 1`, `signal SIGKILL`, or why it could not be started. */
  ended: Promise<string>;
  over: boolean;
}

/** Who is told about a service. */
export interface ServiceListener {
  changed(event: ServiceEvent): void;
  /** A process was started: `pid` is new. */
  launched(): void;
  /** It died too often and stays down. */
  gaveUp(error: ServiceFailed): void;
}

/** Keeps one service running from `start` until `stop`. */
export class SupervisedService {
  readonly service: Service;
  readonly #log: RotatingLog;
  readonly #listener: ServiceListener;
  readonly #stopping = new AbortController();
  #state: ServiceState = "stopped";
  #run: Run | null = null;
  #tail = "";
  #starting: Promise<string | null> = Promise.resolve(null);
  #keeping: Promise<void> = Promise.resolve();

  constructor(service: Service, logDirectory: string, listener: ServiceListener) {
    this.service = service;
    this.#log = new RotatingLog(join(logDirectory, `${service.name}.log`));
    this.#listener = listener;
  }

  get state(): ServiceState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#run && !this.#run.over ? (this.#run.child?.pid ?? null) : null;
  }

  /** @throws ServiceFailed when it doesn't answer in time; nothing of it runs then. */
  async start(): Promise<void> {
    const attempts = this.service.firstAttempts ?? 1;
    for (let attempt = 1; ; attempt += 1) {
      this.#enter("starting", attempt === 1 ? "starts" : `starts, attempt ${attempt}`);
      this.#starting = this.#startOnce();
      const failure = await this.#starting;
      if (failure === null) break;
      if (attempt >= attempts || this.#stopping.signal.aborted) {
        this.#enter("failed", failure);
        throw this.#failed(failure);
      }
      await delay(restartDelay(this.service.restart ?? defaultRestartPolicy, attempt) ?? 0);
    }
    this.#keeping = this.#keep();
  }

  /** Asks it to stop, kills it after the service's deadline, and waits until it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const run = this.#run;
    if (run && !run.over) {
      this.#enter("stopping", "is asked to stop");
      run.child?.kill(this.service.stopSignal);
      const late = setTimeout(() => {
        this.#enter("stopping", `did not stop within ${this.service.stopWithin / 1000} s and is killed`);
        run.child?.kill("SIGKILL");
      }, this.service.stopWithin);
      await run.ended;
      clearTimeout(late);
    }
    await Promise.all([this.#starting, this.#keeping]);
    this.#enter("stopped", "stopped");
    this.#log.close();
  }

  /** Ends it at once, without waiting. */
  kill(): void {
    this.#stopping.abort();
    if (this.#run && !this.#run.over) this.#run.child?.kill("SIGKILL");
  }

  /** Starts the program and waits until it answers; otherwise says why, with nothing left running. */
  async #startOnce(): Promise<string | null> {
    if (this.#stopping.signal.aborted) return stoppedEarly;
    const run = await this.#spawn();
    const end = performance.now() + this.service.readyWithin;
    let reason = "it was not asked yet";
    while (!run.over && !this.#stopping.signal.aborted && performance.now() < end) {
      const problem = await Promise.race([this.#notReady(), run.ended.then(() => null)]);
      if (run.over) break;
      if (problem === null) {
        this.#enter("ready", "answers");
        return null;
      }
      reason = problem;
      await delay(100);
    }
    if (this.#stopping.signal.aborted) {
      // Whoever stops it has sent the signal and holds the deadline.
      await run.ended;
      return stoppedEarly;
    }
    if (run.over) return `ended before it answered (${await run.ended})`;
    run.child?.kill("SIGKILL");
    await run.ended;
    return `did not answer within ${this.service.readyWithin / 1000} s (${reason})`;
  }

  async #notReady(): Promise<string | null> {
    try {
      await this.service.ready();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Brings the program back each time it ends, until stopped or given up. */
  async #keep(): Promise<void> {
    const policy = this.service.restart ?? defaultRestartPolicy;
    let failures = 0;
    for (;;) {
      let problem = `ended unexpectedly (${await this.#run?.ended})`;
      for (;;) {
        if (this.#stopping.signal.aborted) return;
        failures = failuresAfter(policy, failures, performance.now() - (this.#run?.startedAt ?? 0));
        const wait = restartDelay(policy, failures);
        if (wait === null) {
          this.#enter("failed", `${problem}; given up after ${failures} failures in a row`);
          this.#listener.gaveUp(this.#failed(`${problem} ${failures} times in a row`));
          return;
        }
        this.#enter("restarting", `${problem}; starts again in ${wait / 1000} s`);
        await delay(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
        if (this.#stopping.signal.aborted) return;
        const failure = await this.#startOnce();
        if (failure === null) break;
        problem = failure;
      }
    }
  }

  async #spawn(): Promise<Run> {
    this.#tail = "";
    let run: Run;
    try {
      const command = typeof this.service.command === "function" ? await this.service.command() : this.service.command;
      run = this.#watch(launch(command));
    } catch (error) {
      // Preparing the start failed: a run that is over before it began.
      const reason = error instanceof Error ? error.message : String(error);
      run = { child: null, startedAt: performance.now(), ended: Promise.resolve(reason), over: true };
    }
    this.#run = run;
    this.#listener.launched();
    // Asked to stop between the decision to start and the start: whoever asked saw nothing to stop.
    if (this.#stopping.signal.aborted) run.child?.kill("SIGKILL");
    return run;
  }

  #watch(child: ChildProcess): Run {
    const record = (piece: Buffer) => {
      this.#log.write(piece);
      this.#tail = (this.#tail + piece.toString()).slice(-tailLength);
    };
    child.stdout?.on("data", record);
    child.stderr?.on("data", record);
    // The child may be gone before the pipe notices.
    child.stdin?.on("error", () => undefined);
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("exit", (code, signal) => {
        // What it wrote last may still be in the pipe; something it started may hold the pipe open.
        const finish = () => resolve(signal ? `signal ${signal}` : `status ${code}`);
        child.once("close", finish);
        setTimeout(finish, 500).unref();
      });
    });
    const run: Run = { child, startedAt: performance.now(), ended, over: false };
    void ended.then(() => {
      run.over = true;
    });
    return run;
  }

  #failed(reason: string): ServiceFailed {
    return new ServiceFailed(this.service.name, reason, this.#tail, this.#log.path);
  }

  #enter(state: ServiceState, message: string): void {
    this.#state = state;
    this.#listener.changed({ service: this.service.name, state, message });
  }
}
