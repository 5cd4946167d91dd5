import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@obelisk/testing/wait-for";

const repository = join(import.meta.dirname, "..");
const cli = join(repository, "packages/cli/src/main.ts");

/** What `obelisk up` writes for the commands beside it. */
interface Connection {
  pid: number;
  databaseUrl: string;
  chainRpcUrl: string;
}

/** Obelisk as a person starts it, in a data directory of its own. */
export interface RunningObelisk {
  url: string;
  dataDir: string;
  connection: Connection;
  process: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Ctrl-C, and the exit status it ends with. */
  stop(): Promise<number | null>;
}

export function temporaryDataDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "obelisk-product-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

/** Runs one `obelisk` command on a data directory, with further variables, and gives what it printed. */
export async function obelisk(
  dataDir: string,
  args: string[],
  variables: Record<string, string> = {},
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawnObelisk(dataDir, args, variables);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stdout, stderr };
}

function spawnObelisk(dataDir: string, args: string[], variables: Record<string, string>): ChildProcess {
  // Nothing else of the test runner's environment: it sets names that Obelisk reads too.
  const { PATH, HOME, TMPDIR } = process.env;
  return spawn(process.execPath, [cli, ...args], {
    cwd: repository,
    env: { PATH, HOME, TMPDIR, OBELISK_DATA_DIR: dataDir, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Starts Obelisk and waits for the line that says it is ready. */
export async function startObelisk(dataDir: string, port?: number): Promise<RunningObelisk> {
  const chosen = port ?? (await freePort());
  const child = spawnObelisk(dataDir, ["up"], { PORT: String(chosen) });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const ready = `Obelisk is ready: http://localhost:${chosen}`;
  try {
    await waitFor(() => text.includes(ready) || child.exitCode !== null, { within: 90_000, what: ready });
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
  } catch (error) {
    child.kill("SIGINT");
    await closed;
    throw new Error(`Obelisk did not become ready:\n${text}`, { cause: error });
  }
  return {
    url: `http://localhost:${chosen}`,
    dataDir,
    connection: JSON.parse(readFileSync(join(dataDir, "connection.json"), "utf8")) as Connection,
    process: child,
    output: () => text,
    stop: async () => {
      child.kill("SIGINT");
      return closed;
    },
  };
}
