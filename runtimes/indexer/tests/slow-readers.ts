import { type IncomingMessage, request } from "node:http";
import { type RunningIndexer, token } from "./fixture.ts";

/** An answer of which nothing but the head was read. */
export interface UnreadAnswer {
  status: number;
  /** Of its body, as announced. */
  bytes: number;
  retryAfter: string | null;
  /** Goes away without having read it. */
  leave(): void;
}

/** Asks by GET, reads the head of the answer, and leaves the rest where it is. */
export async function askAndNotRead(indexer: RunningIndexer, path: string): Promise<UnreadAnswer> {
  const port = await indexer.port();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port, path, agent: false, headers: { authorization: `Bearer ${token}` } }, resolve)
      .on("error", reject)
      .end();
  });
  response.on("error", () => undefined);
  return {
    status: response.statusCode ?? 0,
    bytes: Number(response.headers["content-length"]),
    retryAfter: response.headers["retry-after"] ?? null,
    leave: () => response.destroy(),
  };
}
