/** The worker as it is, with the stand-in in the place of the template's program where a test asks for it. */
import { readConfig } from "../../src/config.ts";
import { startWorker } from "../../src/worker.ts";

const config = readConfig();
const program = process.env["TEST_PROGRAM"];
const worker = await startWorker(program ? { ...config, programs: { "evm-events": program } } : config);
process.on("SIGTERM", () => {
  void worker.stop().then(() => process.exit(0));
});
process.stdin.on("end", () => process.exit(1));
process.stdin.resume();
process.stdout.write(`WORKING ${worker.id}\n`);
