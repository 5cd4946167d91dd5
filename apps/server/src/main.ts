import { databaseRemedy } from "@obelisk/core/kernel/database-remedy";
import { EnvironmentError } from "@obelisk/core/kernel/environment";
import { whenParentDies } from "@obelisk/core/kernel/lifeline";
import { readConfig } from "./config.ts";
import { type RunningServer, startServer } from "./server.ts";

async function run(): Promise<void> {
  const config = readConfig();
  let server: RunningServer | null = null;
  let asked = false;
  const stop = async (reason: string) => {
    if (asked) return;
    asked = true;
    server?.logger.info({ event: "stopping", reason }, "stopping");
    await server?.stop();
    server?.logger.info({ event: "stopped" }, "stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop(signal));
  if (config.lifeline) whenParentDies(() => void stop("the parent process is gone"));
  server = await startServer(config);
  server.logger.info({ event: "listening", port: server.port, url: config.settings.baseUrl }, "listening");
}

run().catch((error: unknown) => {
  const remedy = databaseRemedy(error);
  const known = error instanceof EnvironmentError || remedy !== null || (error instanceof Error && error.message.startsWith("port "));
  process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n${remedy ? `${remedy}\n` : ""}`);
  process.exit(error instanceof EnvironmentError ? 64 : 1);
});
