import type { Platform } from "@obelisk/core/kernel/context";
import { databaseAnswers, queueAnswers } from "@obelisk/core/kernel/readiness";
import { equalSecrets } from "@obelisk/core/kernel/secrets";
import { platformStatus } from "@obelisk/core/modules/provisioning";
import type { AppContext, Parts } from "./context.ts";
import { changeSubscribers, databaseConnections, queueAge, queueDepth, registry, workersAlive } from "./metrics.ts";

interface Check {
  ok: boolean;
  detail: string;
}

/** Longest a check may take; one that hangs has failed. */
const checkMs = 2_000;
/** How long an outcome is given again, so that asking often costs nothing. */
const keepMs = 1_000;

/** What proxies tell of whom they ask for: a request that carries one of these was not made on this host, wherever it comes from. */
const forwarding = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

/** Names of this host that no name server gives: a page elsewhere may have its own name lead here, and then asks by that name. */
const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

const loopback = /^(127\.\d+\.\d+\.\d+|::1)$/;

/** The process's own pulse, its readiness, and what it measures. */
export function healthRoutes(parts: Parts) {
  const { platform, closing, options } = parts;
  let kept: { at: number; checks: Promise<Record<string, Check>> } | null = null;

  const checks = (): Promise<Record<string, Check>> => {
    if (!kept || Date.now() - kept.at > keepMs) kept = { at: Date.now(), checks: runChecks(platform) };
    return kept.checks;
  };

  return {
    alive: (c: AppContext) => {
      c.get("state").route = "/healthz";
      return c.json({ status: "ok" });
    },
    ready: async (c: AppContext) => {
      c.get("state").route = "/readyz";
      const found = await checks();
      const all = { ...found, server: closing.aborted ? { ok: false, detail: "stopping" } : { ok: true, detail: "accepts requests" } };
      const ready = Object.values(all).every(({ ok }) => ok);
      return c.json({ status: ready ? "ready" : "not ready", checks: all }, ready ? 200 : 503, { "cache-control": "no-store" });
    },
    /** Read by this host under its own name, or with the token; for anybody else it isn't there. */
    metrics: async (c: AppContext) => {
      c.get("state").route = "/metrics";
      const given = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
      const authorized = options.metricsToken !== null && given !== undefined && equalSecrets(given, options.metricsToken);
      const direct =
        loopback.test(c.get("state").ip ?? "") &&
        ownHost.test(c.req.header("host") ?? "") &&
        forwarding.every((name) => c.req.header(name) === undefined);
      if (!authorized && !direct) return null;
      await sample(parts);
      return c.body(await registry.metrics(), 200, { "content-type": registry.contentType, "cache-control": "no-store" });
    },
  };
}

async function runChecks(platform: Platform): Promise<Record<string, Check>> {
  const [database, queue, worker] = await Promise.all([
    check("answers", () => databaseAnswers(platform)),
    check("answers", () => queueAnswers(platform)),
    check("", async () => {
      const { workersAlive: alive } = await platformStatus(platform);
      return alive > 0
        ? `${alive} alive`
        : Promise.reject(new Error("no worker has reported in the last 15 s: start one with obelisk worker"));
    }),
  ]);
  return { database, queue, worker };

  async function check(fine: string, run: () => Promise<string | undefined>): Promise<Check> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${checkMs} ms`)), checkMs);
    });
    try {
      return { ok: true, detail: (await Promise.race([run(), late])) ?? fine };
    } catch (error) {
      const own = error instanceof Error && /^no /.test(error.message);
      if (!own) platform.logger.warn({ err: error }, "a readiness check failed");
      return { ok: false, detail: own ? error.message : "does not answer" };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Values that are read when they are asked for. Without a database the others are still told. */
async function sample({ platform, changes }: Parts): Promise<void> {
  changeSubscribers.set(changes.subscribers);
  const { total, idle, waiting } = platform.database.usage;
  databaseConnections.set({ state: "busy" }, total - idle);
  databaseConnections.set({ state: "idle" }, idle);
  databaseConnections.set({ state: "waiting" }, waiting);
  try {
    const status = await platformStatus(platform);
    workersAlive.set(status.workersAlive);
    queueDepth.set({ status: "queued" }, status.queuedTasks);
    queueDepth.set({ status: "running" }, status.runningTasks);
    queueAge.set(status.oldestQueuedSeconds ?? 0);
  } catch (error) {
    platform.logger.warn({ err: error }, "could not read the queue's state for the metrics");
  }
}
