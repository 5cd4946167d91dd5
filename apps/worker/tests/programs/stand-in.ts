/**
 * A program that speaks the runtime protocol and can be told to misbehave: what drivers and the supervisor are tested with. Its faults are
 * read from `fault.json` beside its own directory, else in the one above, which all programs of a worker share.
 *
 * While it holds the lease it writes a row into `ticks` every 50 ms, each fenced as the protocol asks: who wrote when shows whether two
 * programs ever wrote beside each other.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import pg from "pg";

export interface Fault {
  crashOnStart?: boolean;
  unworkable?: string;
  /** Ends as a program does that is older than its tables. */
  outdated?: string;
  /** Written at the very end, without a line break. */
  lastWords?: string;
  hangOnStart?: boolean;
  ignoreSigterm?: boolean;
  /** Lines written at start. */
  chatter?: number;
  printSecrets?: boolean;
  silentHealth?: boolean;
  crashAfterMs?: number;
  degraded?: string;
  /** Says this long that it is starting. */
  startingMs?: number;
  noDatabase?: boolean;
  /** Takes memory until it is ended, outside of the heap. */
  devourMemory?: boolean;
  /** Keeps two cores busy. */
  burn?: boolean;
}

const fault: Fault =
  ["../fault.json", "../../fault.json"]
    .filter((path) => existsSync(path))
    .slice(0, 1)
    .map((path) => JSON.parse(readFileSync(path, "utf8")) as Fault)[0] ?? {};

function log(level: string, msg: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields })}\n`);
}

interface Launch {
  epoch: number;
  instanceToken: string;
  listen: { host: string; port: number };
  database: { url: string; schema: string };
  config: { rpcUrls: string[] };
}

const lines = createInterface({ input: process.stdin });
const launch = await new Promise<Launch>((resolve) => lines.once("line", (line) => resolve(JSON.parse(line) as Launch)));
process.stdin.on("end", () => process.exit(0));
process.on("SIGTERM", () => {
  if (!fault.ignoreSigterm) process.exit(0);
});

if (fault.printSecrets) {
  log("info", `token ${launch.instanceToken}`);
  process.stderr.write(`connecting to ${launch.database.url}\n`);
  process.stderr.write(`rpc ${launch.config.rpcUrls.join(" ")}\n`);
}
for (let line = 0; line < (fault.chatter ?? 0); line += 1) log("info", `chatter ${line} ${"x".repeat(200)}`);
if (fault.crashOnStart) {
  process.stderr.write("Error: the stand-in was told to crash\n");
  process.exit(1);
}
if (fault.unworkable) {
  log("error", fault.unworkable);
  process.exit(64);
}
if (fault.outdated) {
  log("error", fault.outdated);
  process.exit(78);
}
if (fault.lastWords) {
  process.stdout.write(fault.lastWords);
  process.exit(1);
}
if (fault.hangOnStart) {
  log("info", "hanging");
  await new Promise<never>(() => {
    setInterval(() => undefined, 1_000);
  });
}
if (fault.devourMemory) {
  const taken: Buffer[] = [];
  setInterval(() => taken.push(Buffer.alloc(16 * 1024 * 1024, 1)), 10);
}
if (fault.burn) for (let thread = 0; thread < 2; thread += 1) new Worker("for (;;);", { eval: true });
if (fault.crashAfterMs) setTimeout(() => process.exit(1), fault.crashAfterMs);

const holder = randomUUID();
let ticks = 0;

async function tick(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const held = await client.query("select 1 from _lease where epoch = $1 and holder = $2 for share", [launch.epoch, holder]);
    if (held.rowCount === 0) {
      log("warn", "fenced out");
      process.exit(77);
    }
    await client.query("insert into ticks (epoch, holder) values ($1, $2)", [launch.epoch, holder]);
    await client.query("commit");
    ticks += 1;
  } finally {
    client.release();
  }
}

if (!fault.noDatabase) {
  const pool = new pg.Pool({ connectionString: launch.database.url, max: 2 });
  pool.on("error", () => process.exit(1));
  const taken = await pool.query("update _lease set epoch = $1, holder = $2 where epoch <= $1", [launch.epoch, holder]);
  if (taken.rowCount === 0) process.exit(77);
  await pool.query(
    "create table if not exists ticks (n bigserial, epoch bigint not null, holder text not null, at timestamptz not null default clock_timestamp())",
  );
  const beat = (): void => {
    tick(pool).then(
      () => setTimeout(beat, 50),
      () => process.exit(1),
    );
  };
  beat();
}

const server = createServer((request, response) => {
  if (fault.silentHealth) return;
  if (request.headers.authorization !== `Bearer ${launch.instanceToken}`) {
    response.writeHead(401).end();
    return;
  }
  const settling = performance.now() < (fault.startingMs ?? 0);
  const status = fault.degraded ? "degraded" : settling ? "starting" : "healthy";
  const body = { status, message: fault.degraded ?? null, syncedBlock: ticks, headBlock: ticks, lagBlocks: 0, pid: process.pid };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
});
server.listen(launch.listen.port, launch.listen.host, () => {
  const address = server.address();
  log("info", "listening", { event: "listening", port: typeof address === "object" && address ? address.port : 0 });
});
