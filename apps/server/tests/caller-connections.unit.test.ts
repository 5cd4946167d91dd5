import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boundCallers } from "../src/caller-connections.ts";

const most = 3;

let server: Server;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  server = createServer((_, response) => response.end("answered"));
  boundCallers(server, most);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** Connects from an address of this machine and waits. Gives what came before the end, or null where the connection stays. */
async function open(localAddress: string): Promise<string | null> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", localAddress });
  sockets.push(socket);
  let text = "";
  socket.on("data", (piece) => {
    text += piece;
  });
  return new Promise((resolve) => {
    socket.on("error", () => undefined).on("close", () => resolve(text));
    setTimeout(() => resolve(null), 200);
  });
}

const asked = async (localAddress: string) => {
  const answer = open(localAddress);
  sockets.at(-1)?.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  return answer;
};

test("one address has its share of the connections, is told about one more, and leaves the others theirs", async () => {
  const held = await Promise.all(Array.from({ length: most }, () => open("127.0.0.2")));
  expect(held).toEqual(Array(most).fill(null));
  expect(await open("127.0.0.2")).toMatch(/^HTTP\/1\.1 503 [\s\S]+retry-after: 5[\s\S]+Too many connections/);
  expect(await asked("127.0.0.3")).toContain("answered");
});

test("a connection that ends makes room for the next", async () => {
  for (let time = 0; time < most * 3; time += 1) expect(await asked("127.0.0.2")).toContain("answered");
  await Promise.all(Array.from({ length: most + 2 }, () => open("127.0.0.2")));
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await asked("127.0.0.2")).toContain("answered");
});
