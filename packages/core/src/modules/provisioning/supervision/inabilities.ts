import { type Inability, nextInability } from "../ability-policy.ts";

/** What this worker couldn't run lately, by deployment: the newest, as far as there is room. Instants in milliseconds since 1970. */
export class Inabilities {
  readonly #limit: number;
  readonly #entries = new Map<string, Inability>();

  /** @param limit Deployments remembered at most; told to other workers with each sign of life. */
  constructor(limit = 500) {
    this.#limit = limit;
  }

  note(deploymentId: string, now: number): void {
    const next = nextInability(this.#entries.get(deploymentId), now);
    this.#entries.delete(deploymentId);
    if (this.#entries.size >= this.#limit) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(deploymentId, next);
  }

  /** Its program runs here after all. */
  forget(deploymentId: string): void {
    this.#entries.delete(deploymentId);
  }

  /** Deployments that aren't to be tried here now. */
  at(now: number): string[] {
    return [...this.#entries].filter(([, { until }]) => until > now).map(([deploymentId]) => deploymentId);
  }
}
