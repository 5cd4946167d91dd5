import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

export interface StaticFile {
  contentType: string;
  etag: string;
  body: Uint8Array<ArrayBuffer>;
  /** Null where compressing doesn't pay. */
  gzipped: Uint8Array<ArrayBuffer> | null;
}

const compress = promisify(gzip);

const contentTypes: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

const mostFiles = 5_000;

/** The files of a folder, kept in memory from their first use. Only what was there when the folder was last listed can be asked for. */
export class StaticFolder {
  readonly #folder: string;
  #names: Promise<Set<string>> | null = null;
  #listedAt = 0;
  readonly #files = new Map<string, Promise<StaticFile>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file at a path below the folder, such as `/assets/main.js`; null where there is none. */
  async get(path: string): Promise<StaticFile | null> {
    if (!(await this.#list()).has(path)) {
      // A new build may have come since; looking again is limited to once a second.
      if (Date.now() - this.#listedAt < 1_000) return null;
      this.#forget();
      if (!(await this.#list()).has(path)) return null;
    }
    let file = this.#files.get(path);
    if (!file) {
      file = load(join(this.#folder, path));
      this.#files.set(path, file);
      file.catch(() => this.#files.delete(path));
    }
    try {
      return await file;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      // A build has replaced the folder: what else is in memory belongs to the old one.
      this.#forget();
      return null;
    }
  }

  #forget(): void {
    this.#names = null;
    this.#files.clear();
  }

  #list(): Promise<Set<string>> {
    if (!this.#names) {
      this.#listedAt = Date.now();
      this.#names = list(this.#folder);
    }
    return this.#names;
  }
}

async function list(folder: string): Promise<Set<string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).slice(0, mostFiles);
    return new Set(files.map((entry) => `/${relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/")}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Set();
    throw error;
  }
}

async function load(path: string): Promise<StaticFile> {
  const body = new Uint8Array(await readFile(path));
  const contentType = contentTypes[extname(path)] ?? "application/octet-stream";
  const compressible = body.byteLength > 1_024 && /^(text\/|application\/(json|manifest)|image\/svg)/.test(contentType);
  return {
    contentType,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    body,
    gzipped: compressible ? new Uint8Array(await compress(body)) : null,
  };
}
