// Stands for server and worker: what it was given goes to a file, and as the server it answers health and readiness.
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const { PORT, OBELISK_DATA_DIR, DATABASE_URL, AUTH_SECRET, ENCRYPTION_KEY } = process.env;
const isServer = process.argv[1].endsWith("server.mjs");
writeFileSync(
  join(OBELISK_DATA_DIR, `${isServer ? "server" : "worker"}.seen.json`),
  JSON.stringify({ pid: process.pid, DATABASE_URL, AUTH_SECRET, ENCRYPTION_KEY }),
);
process.on("SIGTERM", () => process.exit(0));
if (isServer) {
  createServer(({ url }, response) => {
    const ready = url === "/healthz" || existsSync(join(OBELISK_DATA_DIR, "worker.seen.json"));
    response.writeHead(ready ? 200 : 503).end(`${process.pid}`);
  }).listen(Number(PORT));
} else setInterval(() => undefined, 1_000);
