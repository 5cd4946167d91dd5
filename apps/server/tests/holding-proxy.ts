import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Stands between a server and its database and swallows the word that a deployment's insertion was committed: the database has it,
 * the server never learns of it.
 */
export class HoldingProxy {
  readonly url: string;
  /** Resolves once a commit was swallowed. */
  readonly held: Promise<void>;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, held: Promise<void>, server: Server, sockets: Set<Socket>) {
    this.url = url;
    this.held = held;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(databaseUrl: string): Promise<HoldingProxy> {
    const target = new URL(databaseUrl);
    const sockets = new Set<Socket>();
    let announce: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      announce = resolve;
    });
    const server = createServer((client) => {
      const database = connect(Number(target.port), target.hostname);
      let inserting = false;
      let holding = false;
      for (const socket of [client, database]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => (socket === client ? database : client).destroy());
      }
      client.on("data", (chunk) => {
        inserting ||= chunk.includes('insert into "deployments"');
        database.write(chunk);
      });
      database.on("data", (chunk) => {
        if (inserting && chunk.includes("COMMIT")) {
          holding = true;
          announce();
        }
        if (!holding) client.write(chunk);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const url = new URL(databaseUrl);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new HoldingProxy(url.href, held, server, sockets);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
