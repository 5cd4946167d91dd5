/**
 * Loaded into the server with `--import`: writes down the SQL of each request, so that the bare driver can send the very same. Off the
 * measured path: the server that is measured runs without it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";
import { Server } from "node:http";
import pg from "pg";

export interface RecordedStatement {
  role: string;
  /** Which of the request's connections. */
  client: number;
  /** Statements with the same number were sent without waiting for each other. */
  batch: number;
  name: string | null;
  text: string;
  values: unknown[];
  rowMode: "array" | null;
}

interface Recording {
  statements: RecordedStatement[];
  clients: unknown[];
  answered: number;
}

const file = process.env["BENCH_RECORD"];
const current = new AsyncLocalStorage<Recording>();

type Query = (this: pg.Client, ...args: unknown[]) => Promise<unknown>;
const query = pg.Client.prototype.query as Query;

pg.Client.prototype.query = function record(this: pg.Client, ...args: unknown[]) {
  const recording = current.getStore();
  const outcome = query.apply(this, args);
  if (recording) {
    const [given, values] = args as [string | { name?: string; text: string; values?: unknown[]; rowMode?: "array" }, unknown[]?];
    const statement = typeof given === "string" ? { text: given, values } : given;
    if (!recording.clients.includes(this)) recording.clients.push(this);
    recording.statements.push({
      role: this.user ?? "",
      client: recording.clients.indexOf(this),
      batch: recording.answered,
      name: typeof given === "string" ? null : (given.name ?? null),
      rowMode: typeof given === "string" ? null : (given.rowMode ?? null),
      text: statement.text,
      values: (statement.values ?? []).map((value) => (Buffer.isBuffer(value) ? { hex: value.toString("hex") } : value)),
    });
    const count = () => {
      recording.answered += 1;
    };
    outcome?.then?.(count, count);
  }
  return outcome;
} as unknown as typeof pg.Client.prototype.query;

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
const emit = Server.prototype.emit as Emit;
Server.prototype.emit = function listen(this: Server, event: string | symbol, ...args: unknown[]) {
  if (event !== "request" || !file) return emit.call(this, event, ...args);
  const recording: Recording = { statements: [], clients: [], answered: 0 };
  const [request, response] = args as [{ method: string; url: string }, { once(event: "finish", listener: () => void): void }];
  // What the request leaves to be done right after its answer belongs to it.
  response.once("finish", () =>
    setTimeout(
      () => appendFileSync(file, `${JSON.stringify({ request: `${request.method} ${request.url}`, statements: recording.statements })}\n`),
      300,
    ),
  );
  return current.run(recording, () => emit.call(this, event, ...args));
} as typeof emit;
