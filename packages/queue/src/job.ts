import type { z } from "zod";

/** A kind of background work: what producers import. Its handler lives apart and is imported by the worker only. */
export interface Job<Payload> {
  /** Queue name, such as `provisioning.task`. */
  name: string;
  payload: z.ZodType<Payload>;
  /** How often it is tried again after a throw or the death of its worker. */
  retryLimit: number;
  /** Seconds between tries; doubles each time. */
  retryDelaySeconds: number;
  /** Seconds without a heartbeat after which another worker takes it; at least 10. */
  heartbeatSeconds: number;
  /** Seconds after which a run counts as failed though it still beats. */
  expireInSeconds: number;
  /** With true at most one job of a key runs at a time; more may wait. */
  oneAtATimePerKey: boolean;
}

export function defineJob<Payload>(job: Job<Payload>): Job<Payload> {
  return job;
}

/** Where an enqueue writes: the transaction of the change that asks for the work. */
export interface QueueTransaction {
  execute(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

export interface EnqueueOptions {
  /** The key of `oneAtATimePerKey`. */
  key?: string;
  /** Seconds to wait before it may start. */
  delaySeconds?: number;
}
