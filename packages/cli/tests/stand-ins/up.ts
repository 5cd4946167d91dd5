// `obelisk up` with stand-ins for server and worker.
import { join } from "node:path";
import { explain } from "../../src/failure.ts";
import { up } from "../../src/up/up.ts";

const program = (name: string) => join(import.meta.dirname, `${name}.mjs`);
try {
  await up({ variables: { ...process.env }, programs: { server: program("server"), worker: program("worker") } });
} catch (error) {
  const { message, details } = explain(error);
  process.stderr.write(`${[message, ...details].join("\n")}\n`);
  process.exitCode = 1;
}
