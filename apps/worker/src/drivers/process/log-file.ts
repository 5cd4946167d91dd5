import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

export interface LogFileLimits {
  bytes: number;
  files: number;
}

export const logFileLimits: LogFileLimits = { bytes: 5 * 1024 * 1024, files: 5 };

/** A program's output on disk: `program.log`, the older ones `program.1.log` … by age, each of bounded size. */
export class LogFile {
  readonly #folder: string;
  readonly #limits: LogFileLimits;
  #handle: FileHandle | undefined;
  #size = 0;
  #pending = "";
  #writing: Promise<void> | null = null;

  constructor(folder: string, limits: LogFileLimits = logFileLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#handle = await open(this.#path(0), "a", 0o600);
    this.#size = (await this.#handle.stat()).size;
  }

  /** Characters that wait to be written: the reader of a program's output stops reading while there are many. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Adds a line. @returns a promise for the end of the write it went into */
  write(line: string): Promise<void> {
    this.#pending += `${line}\n`;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** Waits for what is being written, and closes the file even where that fails: who wrote it was told. */
  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #drain(): Promise<void> {
    while (this.#pending && this.#handle) {
      const text = this.#pending;
      this.#pending = "";
      const { bytesWritten } = await this.#handle.write(text);
      this.#size += bytesWritten;
      if (this.#size >= this.#limits.bytes) await this.#rotate();
    }
  }

  async #rotate(): Promise<void> {
    await rm(this.#path(this.#limits.files - 1), { force: true });
    for (let age = this.#limits.files - 2; age >= 0; age -= 1) {
      await rename(this.#path(age), this.#path(age + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    }
    // The full file stays open until a new one is: whatever fails before, lines still have where to go.
    const full = this.#handle;
    this.#handle = await open(this.#path(0), "a", 0o600);
    this.#size = 0;
    await full?.close();
  }

  #path(age: number): string {
    return join(this.#folder, age === 0 ? "program.log" : `program.${age}.log`);
  }
}
