import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A log file that never takes more than about twice `limit` bytes: full, it becomes `<file>.1`, replacing the one before. */
export class RotatingLog {
  readonly path: string;
  readonly #limit: number;
  #descriptor: number;
  #size: number;
  #closed = false;

  constructor(path: string, limit = 5_000_000) {
    mkdirSync(dirname(path), { recursive: true });
    this.path = path;
    this.#limit = limit;
    this.#descriptor = openSync(path, "a", 0o600);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** Appends; a piece longer than the limit is cut to its end; what comes after `close` is dropped. */
  write(piece: Buffer): void {
    if (this.#closed) return;
    const bytes = piece.length > this.#limit ? piece.subarray(piece.length - this.#limit) : piece;
    if (this.#size + bytes.length > this.#limit) this.#rotate();
    writeSync(this.#descriptor, bytes);
    this.#size += bytes.length;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    renameSync(this.path, `${this.path}.1`);
    this.#descriptor = openSync(this.path, "a", 0o600);
    this.#size = 0;
  }
}
