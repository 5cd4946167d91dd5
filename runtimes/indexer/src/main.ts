import { egressAgent } from "@obelisk/egress";
import { Reader } from "./api/database.ts";
import { metricsOf } from "./api/metrics.ts";
import { apiServer, listen } from "./api/server.ts";
import { Chain } from "./chain/chain.ts";
import { backOffMs, Failover } from "./chain/failover.ts";
import { exitCode, FencedOut, Outdated, UnworkableConfiguration } from "./exit.ts";
import { type Launch, readLaunch } from "./launch.ts";
import { newLease } from "./lease.ts";
import { errorText, log } from "./log.ts";
import { WriterSession } from "./store/session.ts";
import { Store } from "./store/store.ts";
import { type Tables, tablesOf } from "./store/tables.ts";
import { Follower } from "./sync/follow.ts";
import { Progress, starting } from "./sync/progress.ts";

/** A stop asked for must be done with by then, or the driver kills. */
const stopWithinMs = 4_000;

const stopping = new AbortController();

/** The driver's pipe ended: whoever would have stopped us is gone, so nothing is waited for. PostgreSQL rolls back what was open. */
function lifelineEnded(): void {
  log("warn", "stdin ended: the driver is gone, stopping at once");
  process.exit(exitCode.stopped);
}

function stop(signal: string): void {
  if (stopping.signal.aborted) return;
  log("info", "stopping", { signal });
  stopping.abort();
  setTimeout(() => process.exit(exitCode.stopped), stopWithinMs).unref();
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UnworkableConfiguration) return exitCode.unworkable;
  if (error instanceof Outdated) return exitCode.outdated;
  return error instanceof FencedOut ? exitCode.fenced : exitCode.crashed;
}

/** Ends the program. The reason is the last line of stdout, where the driver looks for it. */
function end(error: unknown): never {
  const code = exitCodeOf(error);
  log("error", errorText(error), { event: "exit", exitCode: code });
  process.exit(code);
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("uncaughtException", end);
process.on("unhandledRejection", end);
// Whoever read our output is gone with the pipe; the lifeline tells the rest.
process.stdout.on("error", () => process.exit(exitCode.stopped));

/** Takes the lease and prepares the tables, for as long as it takes the database to be there. */
async function prepare(store: Store, launch: Launch, progress: Progress): Promise<void> {
  for (let failures = 1; !stopping.signal.aborted; failures++) {
    try {
      await store.prepare(launch.config);
      return;
    } catch (error) {
      if (error instanceof FencedOut || error instanceof Outdated || error instanceof UnworkableConfiguration) throw error;
      progress.problem = `the database is not usable: ${errorText(error)}`;
      log("warn", "preparing the tables failed, will try again", { error: errorText(error), failures });
      await new Promise((resolve) => setTimeout(resolve, backOffMs(failures, Math.random())));
    }
  }
}

async function main(): Promise<void> {
  const launch = await readLaunch(process.stdin, lifelineEnded);
  const tables: Tables = tablesOf(launch.config.contracts);
  const progress = new Progress();
  const metrics = metricsOf(progress);
  const reader = new Reader(launch.database);
  const server = apiServer({
    token: launch.instanceToken,
    progress,
    metrics,
    reader,
    tables,
    async schema() {
      const { graphqlSchemaOf } = await import("./api/graphql-schema.ts");
      const made = graphqlSchemaOf(tables, progress, launch.config.chainId);
      this.schema = async () => made;
      return made;
    },
  });
  const port = await listen(server, launch.listen.host, launch.listen.port);
  log("info", "listening", { event: "listening", port });

  const session = new WriterSession(launch.database, newLease(launch.epoch));
  const store = new Store(session, tables, launch.config.reorgWindowBlocks);
  await prepare(store, launch, progress);
  if (!stopping.signal.aborted) {
    progress.ready = true;
    progress.problem = starting;
    log("info", "ready", { event: "ready", tables: tables.events.length + 1 });
    const agent = egressAgent({ allowPrivateTargets: launch.config.allowPrivateTargets, connections: 8 });
    const rpc = new Failover(launch.config.rpcUrls, agent, launch.config.chainId, () => progress.rpcErrors++);
    await new Follower(
      { config: launch.config, chain: new Chain(rpc), store, progress, onWrite: metrics.observeWrite },
      stopping.signal,
    ).run();
  }
  session.close();
  server.close();
  server.closeIdleConnections();
  await reader.close();
  log("info", "stopped", { event: "exit", exitCode: exitCode.stopped });
  process.exit(exitCode.stopped);
}

main().catch(end);
