import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Service } from "../src/index.ts";

const program = join(import.meta.dirname, "stand-ins/service.mjs");

/** The small HTTP program as a service; answers with its process id. */
export function standIn(name: string, port: number, manner = ""): Service {
  return {
    name,
    command: { program: process.execPath, args: [program, String(port), manner], env: {}, tether: "lifeline" },
    ready: async () => void (await pidAt(port)),
    readyWithin: 10_000,
    stopSignal: "SIGTERM",
    stopWithin: 1_000,
    restart: { firstDelay: 20, longestDelay: 100, giveUpAfter: 4, healthyAfter: 5_000 },
  };
}

/** Which process answers on the port. */
export async function pidAt(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000), headers: { connection: "close" } });
  return Number(await response.text());
}

/** A directory that PostgreSQL's user can enter. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "obelisk-embedded-"));
  chmodSync(directory, 0o711);
  return directory;
}
