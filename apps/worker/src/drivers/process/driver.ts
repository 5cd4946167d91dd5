import { existsSync } from "node:fs";
import { chmod, chown, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Logger } from "@obelisk/core/kernel/logger";
import {
  DriverError,
  programMissing,
  type RunningProgram,
  type RuntimeDriver,
  type RuntimeEvents,
  type RuntimeLaunch,
  type RuntimeSample,
} from "@obelisk/core/modules/provisioning/driver";
import { RuntimeChild } from "./child.ts";
import type { Confinement } from "./confinement.ts";
import { type LogFileLimits, logFileLimits } from "./log-file.ts";

export interface ProcessDriverOptions {
  /** Where each program gets a directory of its own. */
  folder: string;
  /** Template to the program's main file. */
  programs: Readonly<Record<string, string>>;
  confinement: Confinement;
  /** The address of this host that programs listen on, and that servers reach them at; only this host does unless told. */
  listenHost?: string;
  logFiles?: LogFileLimits;
  /** The worker's own log. */
  logger: Logger;
}

/** Share of a template's memory that a program's heap may take; the rest is for buffers, code and stacks. */
const heapShare = 0.7;

/** Programs stream much and keep little: with V8's own young generation a backfill held some 50 MB more, at the same speed. */
const youngSpace = "--max-semi-space-size=8";

/** Runs programs as supervised child processes of the worker, on this host. */
export class ProcessDriver implements RuntimeDriver {
  readonly name = "process";
  readonly #options: ProcessDriverOptions;
  readonly #children = new Map<string, RuntimeChild>();
  /** Deployments whose program is being started: the map above knows them only afterwards. */
  readonly #starting = new Set<string>();
  #closed = false;

  constructor(options: ProcessDriverOptions) {
    this.#options = { ...options, folder: resolve(options.folder) };
  }

  templates(): readonly string[] {
    return Object.keys(this.#options.programs).filter((template) => existsSync(this.#options.programs[template] as string));
  }

  async start(launch: RuntimeLaunch, events: RuntimeEvents): Promise<void> {
    const { deploymentId, template } = launch;
    const main = this.#options.programs[template];
    if (!main || !existsSync(main)) throw programMissing(template);
    if (this.#closed) throw new DriverError("start_refused", "This worker is stopping: it starts no program.");
    if (this.#children.has(deploymentId) || this.#starting.has(deploymentId)) {
      throw new DriverError("already_running", "A program of this deployment runs on this worker already.");
    }
    this.#starting.add(deploymentId);
    try {
      const { confinement, logFiles = logFileLimits, listenHost = "127.0.0.1", logger } = this.#options;
      const folder = this.#folderOf(deploymentId);
      const home = await this.#openHome(folder);
      const group = confinement.groups?.create(deploymentId, launch.limits) ?? null;
      const heapMegabytes = Math.max(64, Math.floor((launch.limits.memoryBytes * heapShare) / 1_048_576));
      const child = await RuntimeChild.start(
        launch,
        {
          ...events,
          onListening: (address) => events.onListening(address),
          onLine: (stream, line) => events.onLine(stream, line),
          onExit: (exit) => {
            this.#children.delete(deploymentId);
            events.onExit(exit);
          },
        },
        {
          command: [...confinement.prefix, process.execPath, `--max-old-space-size=${heapMegabytes}`, youngSpace, main],
          ...{ home, logs: join(folder, "logs"), logFiles, group, listenHost, logger },
        },
      ).catch((error: unknown) => {
        group?.remove();
        throw error;
      });
      this.#children.set(deploymentId, child);
      if (this.#closed) await child.stop(0);
    } catch (error) {
      if (error instanceof DriverError) throw error;
      // The whole message names paths of the host: it is the operator's, in the worker's log.
      const { code } = error as NodeJS.ErrnoException;
      throw new DriverError(
        "start_refused",
        `The host refused to start the program${code ? ` (${code})` : ""}. The operator finds why in the worker's log.`,
        {
          cause: error,
        },
      );
    } finally {
      this.#starting.delete(deploymentId);
    }
  }

  async stop(deploymentId: string, graceMs: number): Promise<void> {
    await this.#children.get(deploymentId)?.stop(graceMs);
  }

  list(): RunningProgram[] {
    return [...this.#children.values()].map(({ deploymentId, epoch, startedAt }) => ({ deploymentId, epoch, startedAt }));
  }

  async sample(deploymentId: string): Promise<RuntimeSample | null> {
    return (await this.#children.get(deploymentId)?.sample()) ?? null;
  }

  async forget(deploymentId: string): Promise<void> {
    await rm(this.#folderOf(deploymentId), { recursive: true, force: true });
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#children.values()].map((child) => child.stop(graceMs)));
  }

  /** The program's own directory: its user's alone, below one that the user can pass through and not change. */
  async #openHome(folder: string): Promise<string> {
    const { user } = this.#options.confinement;
    const home = join(folder, "home");
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o711);
    await mkdir(home, { recursive: true, mode: 0o700 });
    if (user) await chown(home, user.uid, user.gid);
    return home;
  }

  #folderOf(deploymentId: string): string {
    if (!/^[a-z0-9_]{1,64}$/.test(deploymentId))
      throw new DriverError("start_refused", "A deployment's id holds only lower-case letters, digits and underscores.");
    return join(this.#options.folder, deploymentId);
  }
}
