import { rmSync } from "node:fs";
import { recordProcesses } from "./leftovers.ts";
import { startTime } from "./process-identity.ts";
import type { Service, ServiceEvent, ServiceState } from "./service.ts";
import { SupervisedService } from "./supervised-service.ts";

export interface SupervisorOptions {
  /** Each service's output goes to `<logDirectory>/<name>.log`. */
  logDirectory: string;
  /** File in which the running processes are written down, for `endLeftovers`. */
  record: string;
  onEvent?: (event: ServiceEvent) => void;
}

/** Keeps named services running: started in order, brought back when they die, stopped in reverse order. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #services: SupervisedService[] = [];
  readonly #givenUp = Promise.withResolvers<Error>();
  #stopping: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves with the reason once a service has died too often to be started again. */
  get givenUp(): Promise<Error> {
    return this.#givenUp.promise;
  }

  /**
   * Starts a service, waits until it answers, and keeps it running from then on.
   * @throws ServiceFailed, or an error when the supervisor is stopping or knows the name already.
   */
  async start(service: Service): Promise<void> {
    if (this.#stopping) throw new Error(`${service.name} is not started: everything is being stopped`);
    if (this.#services.some((known) => known.service.name === service.name)) throw new Error(`there is a service ${service.name} already`);
    const supervised = new SupervisedService(service, this.#options.logDirectory, {
      changed: this.#options.onEvent ?? (() => undefined),
      launched: () => this.#record(),
      gaveUp: (error) => this.#givenUp.resolve(error),
    });
    this.#services.push(supervised);
    await supervised.start();
  }

  /** Name, state and process id of each service, in the order they were started. */
  states(): { name: string; state: ServiceState; pid: number | null }[] {
    return this.#services.map(({ service, state, pid }) => ({ name: service.name, state, pid }));
  }

  /** Stops all services, the last started first, each with its own deadline. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Kills all services at once: for a person who won't wait. */
  kill(): void {
    for (const service of this.#services) service.kill();
  }

  async #stopAll(): Promise<void> {
    for (const service of this.#services.toReversed()) await service.stop();
    rmSync(this.#options.record, { force: true });
  }

  #record(): void {
    const running = this.#services.flatMap(({ service: { name, stopSignal, stopWithin }, pid }) =>
      pid === null ? [] : [{ name, pid, startTime: startTime(pid), stopSignal, stopWithin }],
    );
    recordProcesses(this.#options.record, running);
  }
}
