import type { Health } from "@obelisk/schemas/deployments";
import type { Platform } from "../../../kernel/context.ts";
import { type InstanceChange, type InstanceLease, recordHealth, recordInstance } from "../system/instance-leases.ts";
import { worthWriting } from "./health-policy.ts";

/**
 * Keeps what becomes of a program, under its lease: one write after the other, so that an older state never follows a newer one. A failed
 * write is told, and the next one says what is then true.
 */
export class ProgramRecord {
  readonly #platform: Platform;
  readonly #lease: InstanceLease;
  readonly #onFault: (what: string, error: unknown) => void;
  #health: Health | null = null;
  #writes: Promise<void> = Promise.resolve();

  constructor(platform: Platform, lease: InstanceLease, onFault: (what: string, error: unknown) => void) {
    this.#platform = platform;
    this.#lease = lease;
    this.#onFault = onFault;
  }

  instance(change: InstanceChange): void {
    this.#write("record the instance", () => recordInstance(this.#platform, this.#lease, change));
  }

  /** Written as far as that is worth it. */
  health(health: Health): void {
    if (!worthWriting(this.#health, health)) return;
    this.#health = health;
    this.#write("record health", () => recordHealth(this.#platform, this.#lease, health));
  }

  /** Once everything so far is written, or has failed to be. */
  get settled(): Promise<void> {
    return this.#writes;
  }

  #write(what: string, work: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(work).then(
      () => undefined,
      (error: unknown) => {
        this.#health = null;
        this.#onFault(what, error);
      },
    );
  }
}
