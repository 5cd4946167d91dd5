import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * A way to a database that can freeze, as when its host vanishes without a word: connections stay open, new ones are taken, and not a byte
 * passes.
 */
export class FreezingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;
  /** Bytes that may still pass to the database. */
  #left = Number.POSITIVE_INFINITY;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on("error", () => undefined);
        from.on("close", () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.on("data", (bytes) => {
          to.write(bytes);
          if (from !== near) return;
          this.#left -= bytes.length;
          if (this.#left <= 0) this.freeze();
        });
        if (this.#frozen) from.pause();
      }
    });
  }

  static async start(databaseUrl: string): Promise<FreezingProxy> {
    const proxy = new FreezingProxy(new URL(databaseUrl));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The same URL by way of the proxy. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  freeze(): void {
    this.#frozen = true;
    this.#left = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Freezes as soon as so many more bytes have passed to the database. */
  freezeBehind(bytes: number): void {
    this.#left = bytes;
  }

  /** New connections work; those that froze stay dead, and whoever holds one isn't told. */
  mend(): void {
    this.#frozen = false;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
