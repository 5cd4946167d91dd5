/** Child process: an HTTP server that reads the request and answers bytes it was given, nothing else. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const { status, body } = JSON.parse(process.argv[2] ?? "") as { status: number; body: string };
const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(status, headers).end(body));
});
server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once("SIGTERM", () => process.exit(0));
