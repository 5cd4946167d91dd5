import type { Health } from "@obelisk/schemas/deployments";
import type { Failure } from "../policy.ts";

/** Why waiting for a program ended without an answer from it. */
export class ProgramGone extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = "ProgramGone";
    this.failure = failure;
  }
}

/** Those who wait for a program's first answer. */
export class FirstAnswer {
  #waiters: { resolve(health: Health): void; reject(error: Error): void }[] = [];

  /** @throws ProgramGone when the program is given up or stopped; the signal's reason when that aborts first. */
  wait(signal: AbortSignal): Promise<Health> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      const settle = () => signal.removeEventListener("abort", abort);
      this.#waiters.push({
        resolve: (health) => {
          settle();
          resolve(health);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    });
  }

  came(health: Health): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(health);
  }

  failed(failure: Failure): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new ProgramGone(failure));
  }
}
