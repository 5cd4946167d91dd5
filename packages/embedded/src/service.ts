import type { RestartPolicy } from "./back-off.ts";
import type { Command } from "./launch.ts";

/** A program to keep running. */
export interface Service {
  /** Also the name of its log file. */
  name: string;
  command: Command | (() => Command | Promise<Command>);
  /** Rejects, saying why, while the service doesn't answer yet. Asked about ten times a second. */
  ready(): Promise<void>;
  /** Milliseconds within which it must answer after a start. */
  readyWithin: number;
  stopSignal: "SIGINT" | "SIGTERM" | "SIGKILL";
  /** Milliseconds after which a service that was asked to stop is killed. */
  stopWithin: number;
  /** Starts tried before the first one counts as failed; 1 unless told. */
  firstAttempts?: number;
  restart?: RestartPolicy;
}

export type ServiceState = "starting" | "ready" | "restarting" | "stopping" | "stopped" | "failed";

export interface ServiceEvent {
  service: string;
  state: ServiceState;
  /** What happened, in a sentence for a person. */
  message: string;
}

/** A service that didn't start, or died too often; says why, with the last lines it wrote. */
export class ServiceFailed extends Error {
  readonly service: string;

  constructor(service: string, reason: string, lastLines: string, log: string) {
    const wrote = lastLines.trim() === "" ? "It wrote nothing." : `Its last lines:\n${indented(lastLines)}`;
    super(`${service} ${reason}. ${wrote}\nAll of it is in ${log}`);
    this.name = "ServiceFailed";
    this.service = service;
  }
}

function indented(text: string): string {
  return text
    .trim()
    .split("\n")
    .slice(-15)
    .map((line) => `  | ${line.slice(0, 500)}`)
    .join("\n");
}
