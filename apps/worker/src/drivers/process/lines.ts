import { StringDecoder } from "node:string_decoder";

/** Bytes of a line handed on; the rest of a longer one is left out. */
const longestLine = 8_192;

/** Cuts a stream of bytes into lines, holding one line of bounded length at most. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #line = "";
  #full = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const parts = this.#decoder.write(chunk).split("\n");
    for (let index = 0; index < parts.length; index += 1) {
      this.#append(parts[index] as string);
      if (index < parts.length - 1) this.#finish();
    }
  }

  /** Hands on what stands without a line break at the end. */
  end(): void {
    this.#append(this.#decoder.end());
    if (this.#line) this.#finish();
  }

  #append(text: string): void {
    if (this.#full) return;
    this.#line += text;
    if (this.#line.length <= longestLine) return;
    this.#line = `${this.#line.slice(0, longestLine)}… (cut)`;
    this.#full = true;
  }

  #finish(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    this.#line = "";
    this.#full = false;
    if (line) this.#onLine(line);
  }
}
