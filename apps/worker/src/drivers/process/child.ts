import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import type { Logger } from "@obelisk/core/kernel/logger";
import type { LogStream, RuntimeEvents, RuntimeLaunch, RuntimeSample } from "@obelisk/core/modules/provisioning/driver";
import type { ControlGroup } from "./control-groups.ts";
import { LineSplitter } from "./lines.ts";
import { LogFile, type LogFileLimits } from "./log-file.ts";
import { redactionOf } from "./redaction.ts";
import { readUse } from "./use.ts";

export interface ChildOptions {
  /** Command line of the program. */
  command: readonly string[];
  /** The directory it starts in, and the one its output is kept in: apart, since the first is the program's own to fill. */
  home: string;
  logs: string;
  logFiles: LogFileLimits;
  /** Where its limits hold; null where the system gives none. */
  group: ControlGroup | null;
  /** The address of this host that it listens on. */
  listenHost: string;
  /** The worker's own log, which tenants don't read. */
  logger: Logger;
}

/** Characters of output that may wait for the disk before reading pauses. */
export const mostWaiting = 1_048_576;

/** One program as a child process. Its standard input is its lifeline: it ends when that does. */
export class RuntimeChild {
  readonly deploymentId: string;
  readonly epoch: number;
  readonly startedAt = new Date();
  readonly #process: ChildProcess;
  readonly #log: LogFile;
  readonly #events: RuntimeEvents;
  readonly #redact: (text: string) => string;
  readonly #group: ControlGroup | null;
  readonly #listenHost: string;
  readonly #logger: Logger;
  readonly #gone: Promise<void>;
  /** Whether the operator was told of the log file: every further line may meet the same fault. */
  #logFaultTold = false;
  #lastUse: { cpuSeconds: number; at: number } | null = null;

  private constructor(launch: RuntimeLaunch, child: ChildProcess, log: LogFile, events: RuntimeEvents, options: ChildOptions) {
    this.deploymentId = launch.deploymentId;
    this.epoch = launch.epoch;
    this.#process = child;
    this.#log = log;
    this.#events = events;
    this.#redact = redactionOf(launch);
    this.#group = options.group;
    this.#listenHost = options.listenHost;
    this.#logger = options.logger;
    this.#gone = this.#follow();
  }

  /** @throws Error when the system refuses to start it */
  static async start(launch: RuntimeLaunch, events: RuntimeEvents, options: ChildOptions): Promise<RuntimeChild> {
    const { group, home } = options;
    const log = new LogFile(options.logs, options.logFiles);
    await log.open();
    const [command, ...args] = [...(group?.prefix ?? []), ...options.command];
    const child = spawn(command as string, args, {
      cwd: home,
      // Nothing of the platform's own environment: it holds secrets.
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home, LANG: "C.UTF-8", TZ: "UTC", NODE_ENV: "production" },
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: Ctrl-C in a terminal reaches the worker, which then ends its programs in order.
      detached: true,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", reject);
      });
    } catch (error) {
      await log.close();
      throw error;
    }
    const running = new RuntimeChild(launch, child, log, events, options);
    running.#yieldToPlatform();
    running.#launch(launch);
    return running;
  }

  /** SIGTERM, after `graceMs` SIGKILL to the whole group; resolves once it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#signal("SIGTERM");
    const force = setTimeout(() => this.#signal("SIGKILL"), graceMs);
    await this.#gone;
    clearTimeout(force);
  }

  async sample(): Promise<RuntimeSample | null> {
    const { pid } = this.#process;
    const use = pid === undefined ? null : await readUse(pid);
    if (!use) return null;
    const at = performance.now();
    const last = this.#lastUse;
    this.#lastUse = { cpuSeconds: use.cpuSeconds, at };
    const cpu = last && at > last.at ? Math.max(0, (use.cpuSeconds - last.cpuSeconds) / ((at - last.at) / 1_000)) : null;
    return { cpu, memoryBytes: use.memoryBytes };
  }

  #launch(launch: RuntimeLaunch): void {
    const { stdin } = this.#process;
    // A program that ends before it has read its launch says so by its exit.
    stdin?.on("error", () => undefined);
    const { deploymentId, epoch, instanceToken, database, config } = launch;
    const listen = { host: this.#listenHost, port: 0 };
    stdin?.write(`${JSON.stringify({ protocol: 1, deploymentId, epoch, instanceToken, listen, database, config })}\n`);
  }

  /** When memory or processor time is short, a program gives way before the platform does. */
  #yieldToPlatform(): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch (error) {
      // Gone already, or not allowed here: it then runs at the worker's own priority.
      this.#keep("stderr", faultLine("its priority could not be lowered", error));
    }
    void writeFile(`/proc/${pid}/oom_score_adj`, "500").catch(() => undefined);
  }

  async #follow(): Promise<void> {
    const child = this.#process;
    for (const stream of ["stdout", "stderr"] as const) {
      const pipe = child[stream];
      const lines = new LineSplitter((line) => this.#line(stream, line));
      pipe?.on("data", (chunk: Buffer) => {
        lines.push(chunk);
        if (this.#log.waiting <= mostWaiting) return;
        pipe.pause();
        const goOn = () => pipe.resume();
        // A disk that refuses lines is told of where they are written: here only the waiting is over.
        void this.#log.write("").then(goOn, goOn);
      });
      pipe?.on("end", () => lines.end());
    }
    const exit = await new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once("exit", (code, signal) => {
        // Something it started may hold its output open: that ends with it, and waiting for it is bounded.
        this.#signal("SIGKILL");
        const late = setTimeout(() => resolve({ code, signal }), 1_000);
        child.once("close", () => {
          clearTimeout(late);
          resolve({ code, signal });
        });
      });
    });
    child.stdin?.destroy();
    await this.#tidied("its log file could not be closed", () => this.#log.close());
    const outOfMemory = await this.#tidied("whether it ran out of memory could not be read", () => this.#group?.ranOutOfMemory());
    await this.#tidied("its control group could not be removed", () => this.#group?.remove());
    this.#events.onExit(outOfMemory ? { ...exit, outOfMemory } : exit);
  }

  /** Does one thing that is due after the exit. What fails here is told, and never keeps the exit from being told. */
  async #tidied<Result>(fault: string, work: () => Result | Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#tell(fault, error);
      return undefined;
    }
  }

  #line(stream: LogStream, text: string): void {
    const line = this.#redact(text);
    this.#keep(stream, line);
    const port = stream === "stdout" ? listeningPort(line) : null;
    if (port !== null) this.#events.onListening(`${this.#listenHost}:${port}`);
    this.#events.onLine(stream, line);
  }

  #keep(stream: LogStream, line: string): void {
    void this.#log.write(stream === "stderr" ? `! ${line}` : line).catch((error: unknown) => {
      const fault = "its log file can't be written";
      if (this.#logFaultTold) this.#events.onLine("stderr", faultLine(fault, error));
      else this.#tell(fault, error);
      this.#logFaultTold = true;
    });
  }

  /** Tells the tenant that something of the host failed, and the operator all of it: the whole message may name the host's paths. */
  #tell(fault: string, error: unknown): void {
    this.#events.onLine("stderr", faultLine(fault, error));
    this.#logger.warn({ err: error, deploymentId: this.deploymentId, epoch: this.epoch }, `of a program, ${fault}`);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** What a tenant reads of a fault of the host: its code alone. */
function faultLine(fault: string, error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return `${fault}${code ? ` (${code})` : ""}: the operator finds why in the worker's log`;
}

/** The port in the line that says where a program listens; null in every other. */
function listeningPort(line: string): number | null {
  if (!line.includes('"listening"')) return null;
  try {
    const document: unknown = JSON.parse(line);
    if (typeof document !== "object" || document === null) return null;
    const { event, port } = document as { event?: unknown; port?: unknown };
    return event === "listening" && typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
  } catch {
    return null;
  }
}
