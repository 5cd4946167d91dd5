import pg from "pg";
import { z } from "zod";
import { keepAlive } from "../db/client.ts";
import type { Logger } from "./logger.ts";

/** The channel on which the database's triggers announce what changed; see the provisioning migration. */
const channel = "obelisk_changes";

const announcement = z.object({ organizationId: z.string(), deploymentId: z.string(), topic: z.enum(["deployment", "logs"]) });

/** Something of a deployment changed. `everything`: announcements may have been missed, so whatever is shown must be read again. */
export type Change = { topic: "deployment" | "logs"; deploymentId: string } | { topic: "everything" };

/** A stream of changes. Leaving the loop, or `using`, ends it. */
export interface Subscription extends AsyncIterable<Change>, Disposable {}

export interface Changes {
  /**
   * Follows an organization's changes, or one deployment's, until the signal aborts. Changes that wait are merged per deployment and
   * topic, so a slow reader costs a bounded amount of memory.
   */
  subscribe(organizationId: string, deploymentId: string | null, signal: AbortSignal): Subscription;
  /** Open subscriptions, for the metrics. */
  readonly subscribers: number;
  close(): Promise<void>;
}

/** Most merged changes that wait for one reader; beyond it the reader is told to read everything again. */
const waitingLimit = 500;

const longestReconnectMs = 5_000;

class Waiting implements Subscription {
  readonly #waiting = new Map<string, Change>();
  readonly #deploymentId: string | null;
  readonly #leave: () => void;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(deploymentId: string | null, signal: AbortSignal, leave: (subscription: Waiting) => void) {
    this.#deploymentId = deploymentId;
    const end = () => this[Symbol.dispose]();
    this.#leave = () => {
      signal.removeEventListener("abort", end);
      leave(this);
    };
    if (signal.aborted) this.#ended = true;
    else signal.addEventListener("abort", end, { once: true });
  }

  offer(change: Change): void {
    if (change.topic !== "everything" && this.#deploymentId !== null && change.deploymentId !== this.#deploymentId) return;
    if (change.topic === "everything" || this.#waiting.size >= waitingLimit) {
      this.#waiting.clear();
      this.#waiting.set("everything", { topic: "everything" });
    } else if (!this.#waiting.has("everything")) {
      this.#waiting.set(`${change.topic}:${change.deploymentId}`, change);
    }
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Change> {
    while (!this.#ended) {
      const [first] = this.#waiting;
      if (first) {
        this.#waiting.delete(first[0]);
        yield first[1];
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake?.();
    this.#leave();
  }
}

/**
 * Listens on one connection of its own and hands announcements to subscribers. After a lost connection it connects again, with a
 * growing pause, and tells every subscriber to read everything again.
 */
export async function listenForChanges(options: { connectionString: string; applicationName: string; logger: Logger }): Promise<Changes> {
  const subscriptions = new Map<string, Set<Waiting>>();
  let client: pg.Client | null = null;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;
  let failures = 0;

  const receive = (payload: string) => {
    const parsed = announcement.safeParse(safeJson(payload));
    if (!parsed.success) return options.logger.warn({ channel }, "an announcement could not be read");
    const { organizationId, ...change } = parsed.data;
    for (const subscription of subscriptions.get(organizationId) ?? []) subscription.offer(change);
  };

  const reconnectLater = (lost: pg.Client, error: Error | null) => {
    if (closed || client !== lost) return;
    client = null;
    lost.end().catch(() => undefined);
    const pause = Math.min(longestReconnectMs, 100 * 2 ** failures);
    failures += 1;
    options.logger.warn({ err: error, pauseMs: pause }, "lost the connection that listens for changes");
    retry = setTimeout(() => void connect().catch(() => undefined), pause);
  };

  const connect = async () => {
    const next = new pg.Client({
      connectionString: options.connectionString,
      application_name: options.applicationName,
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
      ...keepAlive,
    });
    client = next;
    next.on("notification", (message) => receive(message.payload ?? ""));
    next.on("error", (error) => reconnectLater(next, error));
    next.on("end", () => reconnectLater(next, null));
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
    } catch (error) {
      reconnectLater(next, error as Error);
      throw error;
    }
    if (failures > 0) for (const group of subscriptions.values()) for (const one of group) one.offer({ topic: "everything" });
    failures = 0;
  };

  try {
    await connect();
  } catch (error) {
    closed = true;
    clearTimeout(retry);
    throw error;
  }

  return {
    subscribe(organizationId, deploymentId, signal) {
      const group = subscriptions.get(organizationId) ?? new Set<Waiting>();
      subscriptions.set(organizationId, group);
      const subscription = new Waiting(deploymentId, signal, (left) => {
        group.delete(left);
        if (group.size === 0 && subscriptions.get(organizationId) === group) subscriptions.delete(organizationId);
      });
      if (!signal.aborted) group.add(subscription);
      return subscription;
    },
    get subscribers() {
      let count = 0;
      for (const group of subscriptions.values()) count += group.size;
      return count;
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      for (const group of subscriptions.values()) for (const one of group) one[Symbol.dispose]();
      await client?.end();
    },
  };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
