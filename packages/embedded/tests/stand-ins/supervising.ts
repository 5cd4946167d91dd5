// Starts a PostgreSQL, a chain and a Node program in the directory given, prints their process ids, and waits to be killed.
import { join } from "node:path";
import { ensureEmbedded, freePort, Supervisor } from "../../src/index.ts";
import { standIn } from "../stand-in.ts";

const [dataDir = ""] = process.argv.slice(2);
const supervisor = new Supervisor({ logDirectory: join(dataDir, "logs"), record: join(dataDir, "processes.json") });
await ensureEmbedded({ dataDir, supervisor, report: () => undefined, databases: ["kept"], chain: true, durable: false });
await supervisor.start(standIn("program", await freePort(), "deaf"));
process.stdout.write(`${JSON.stringify(supervisor.states())}\n`);
setInterval(() => undefined, 1_000);
