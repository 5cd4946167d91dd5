import type { Server } from "node:http";
import { callerNetwork } from "@obelisk/core/kernel/caller-network";

/** The answer to a connection that is one too many, before anything was asked. */
const tooMany = [
  "HTTP/1.1 503 Service Unavailable",
  "connection: close",
  "content-type: text/plain; charset=utf-8",
  "retry-after: 5",
  "",
  "Too many connections are open from your network. Close some, or send more requests over each, and try again.\n",
].join("\r\n");

/**
 * Ends what one network opens beyond `most` connections: nobody shuts the others out by connecting alone. With an answer, since many people may
 * share a network and a bare end tells them nothing.
 */
export function boundCallers(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.prependListener("connection", (socket) => {
    const caller = callerNetwork(socket.remoteAddress ?? null);
    const count = (open.get(caller) ?? 0) + 1;
    if (count > most) {
      socket.write(tooMany);
      socket.destroySoon();
      return;
    }
    open.set(caller, count);
    socket.once("close", () => {
      const left = (open.get(caller) ?? 0) - 1;
      if (left > 0) open.set(caller, left);
      else open.delete(caller);
    });
  });
}
