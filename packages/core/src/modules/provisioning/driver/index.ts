import type { JsonValue } from "../../../kernel/audit-chain.ts";
import type { ExitReason } from "../restart-policy.ts";

export type { ExitReason };

/** What a program is started with. It holds secrets: it goes to the program and nowhere else. */
export interface RuntimeLaunch {
  deploymentId: string;
  template: string;
  epoch: number;
  /** What the program asks of every request to it. */
  instanceToken: string;
  database: { url: string; schema: string };
  config: JsonValue;
  limits: { memoryBytes: number; cpuCores: number };
}

export type LogStream = "stdout" | "stderr";

/** What a driver tells of a program. Never called again after `onExit`. */
export interface RuntimeEvents {
  /** The program listens at `host:port`. */
  onListening(address: string): void;
  /** A line it wrote, without the line break, at most 8 KB. */
  onLine(stream: LogStream, line: string): void;
  onExit(exit: ExitReason): void;
}

export interface RuntimeSample {
  /** Share of one core since the last sample; null on the first. */
  cpu: number | null;
  memoryBytes: number;
}

export interface RunningProgram {
  deploymentId: string;
  epoch: number;
  startedAt: Date;
}

/**
 * Starts and stops programs somewhere: as child processes here, in containers elsewhere. A driver decides nothing: when to start, to
 * restart and to give up is the supervisor's. At most one program of a deployment runs under one driver.
 */
export interface RuntimeDriver {
  readonly name: string;
  /** Templates whose program is present. */
  templates(): readonly string[];
  /** Starts the program; resolves once it exists, before it listens. @throws DriverError */
  start(launch: RuntimeLaunch, events: RuntimeEvents): Promise<void>;
  /** Asks the program to end, ends it by force after `graceMs`, and resolves once it is gone. Without such a program: at once. */
  stop(deploymentId: string, graceMs: number): Promise<void>;
  list(): RunningProgram[];
  /** What the program uses; null when it doesn't run. */
  sample(deploymentId: string): Promise<RuntimeSample | null>;
  /** Removes what the driver kept of a deployment on its host: directories, files of logs. */
  forget(deploymentId: string): Promise<void>;
  /** Stops every program. */
  close(graceMs: number): Promise<void>;
}

export type DriverErrorCode = "program_missing" | "already_running" | "start_refused";

export class DriverError extends Error {
  readonly code: DriverErrorCode;

  constructor(code: DriverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DriverError";
    this.code = code;
  }
}

/** What a driver throws that lacks a template's program. */
export function programMissing(template: string): DriverError {
  return new DriverError(
    "program_missing",
    `The program of the template ${template} is not on this worker's host. Install the same build of Obelisk there.`,
  );
}
