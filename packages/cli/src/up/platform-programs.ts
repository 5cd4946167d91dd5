import { join } from "node:path";
import type { Service } from "@obelisk/embedded";

const apps = join(import.meta.dirname, "../../../../apps");

/** Where to find the programs' main files; tests give stand-ins. */
export interface ProgramFiles {
  server: string;
  worker: string;
}

export const platformProgramFiles: ProgramFiles = { server: join(apps, "server/src/main.ts"), worker: join(apps, "worker/src/main.ts") };

/**
 * Server and worker as services. The server has started when it is alive; the worker when the server says that the whole platform is
 * ready, which includes a worker's heartbeat.
 */
export function platformServices(files: ProgramFiles, env: Record<string, string>, port: number): [server: Service, worker: Service] {
  const shared = { readyWithin: 60_000, stopSignal: "SIGTERM", stopWithin: 20_000 } as const;
  const command = (file: string) => ({ program: process.execPath, args: [file], env, tether: "lifeline" as const });
  return [
    { name: "server", command: command(files.server), ready: () => answers200(port, "/healthz"), ...shared },
    { name: "worker", command: command(files.worker), ready: () => answers200(port, "/readyz"), ...shared },
  ];
}

async function answers200(port: number, path: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`GET ${path} answers ${response.status}: ${text.slice(0, 300)}`);
}
