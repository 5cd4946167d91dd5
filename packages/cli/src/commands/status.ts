import { Command } from "commander";
import { CommandFailure } from "../failure.ts";
import { databaseConnection, withPlatform } from "../local-platform.ts";
import { print, printJson, table } from "../output.ts";
import type { Surroundings } from "../runtime.ts";

interface ServerStatus {
  url: string;
  /** Whether `/readyz` answered that it is ready. */
  ready: boolean;
  detail: string | null;
}

/** `obelisk status`: asks the database and the server, each for itself, and fails when either isn't fit. */
export function statusCommand(surroundings: Surroundings): Command {
  return new Command("status")
    .description("show whether the database, a server and a worker are there, and what waits")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ obelisk status --json")
    .action(async ({ json }: { json?: boolean }) => {
      const { platformStatus } = await import("@obelisk/core/modules/provisioning");
      const { baseUrl } = databaseConnection(surroundings.variables);
      const [server, queue] = await Promise.all([askServer(baseUrl), withPlatform(surroundings, platformStatus)]);
      const status = { ready: server.ready && queue.workersAlive > 0, database: "ok", server, ...queue };
      if (json) printJson(status);
      else {
        const facts: [string, string][] = [
          ["database", "ok"],
          ["server", server.ready ? `ready at ${server.url}` : `not ready at ${server.url}: ${server.detail}`],
          ["workers", `${queue.workersAlive} alive`],
          ["tasks", `${queue.queuedTasks} queued, ${queue.runningTasks} running`],
          ["oldest queued", queue.oldestQueuedSeconds === null ? "none" : `${Math.round(queue.oldestQueuedSeconds)} s`],
        ];
        print(
          table(
            facts,
            [
              { header: "part", value: ([part]) => part },
              { header: "state", value: ([, state]) => state },
            ],
            false,
          ),
        );
      }
      if (!server.ready) throw new CommandFailure(`no server is ready at ${server.url}`, "Start one: obelisk up, or obelisk server");
      if (queue.workersAlive === 0)
        throw new CommandFailure("no worker is alive, so tasks wait", "Start one: obelisk up, or obelisk worker");
    });
}

async function askServer(baseUrl: string): Promise<ServerStatus> {
  try {
    const response = await fetch(new URL("/readyz", baseUrl), { signal: AbortSignal.timeout(5_000), redirect: "manual" });
    const text = (await response.text()).slice(0, 500);
    return { url: baseUrl, ready: response.ok, detail: response.ok ? null : `${response.status} ${text}` };
  } catch (error) {
    const cause = (error as Error).cause;
    return {
      url: baseUrl,
      ready: false,
      detail: cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : (error as Error).message,
    };
  }
}
