import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestDatabase } from "@obelisk/testing/test-database";
import { authSecret } from "./serving.ts";

/** The real program in a process of its own. */
export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** Every line it logged. */
  lines: string[];
  /** Asks it to stop; gives the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function startServerProcess(
  database: TestDatabase,
  { env = {}, databaseUrl = database.databaseUrl }: { env?: Record<string, string>; databaseUrl?: string } = {},
): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, "../src/main.ts")], {
    // Standard input is the lifeline: a test that dies takes its servers with it.
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      ENCRYPTION_KEY: database.encryptionKey,
      AUTH_SECRET: authSecret,
      OBELISK_LIFELINE: "stdin",
      RUNTIME_ALLOW_PRIVATE_TARGETS: "true",
      ...env,
    },
  });
  const lines: string[] = [];
  const collect = (stream: NodeJS.ReadableStream) => createInterface({ input: stream }).on("line", (line) => lines.push(line));
  if (child.stdout) collect(child.stdout);
  if (child.stderr) collect(child.stderr);
  const exited = once(child, "exit").then(([status]) => status as number | null);
  const deadline = Date.now() + 30_000;
  while (!lines.some((line) => line.includes('"event":"listening"'))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the server did not start, status ${child.exitCode}:\n${lines.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    lines,
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
  };
}
